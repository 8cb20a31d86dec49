"""Engines: ways to compute a tile of a tangent kernel exactly.

`base` is the seam that every engine has, `choice` finds one by name. `layerwise` is the fast one,
by the layers of the model; `neural_tangents` the yardstick, by whole Jacobians, through `bridge`,
which alone knows how that library meets today's JAX. No engine knows of batches, memory or disk.
"""
