"""The layer-wise engine: kernels as sums over layers of products of inputs and backward signals.

`program` lists what a network computes of one row, `leaves` what its parameters do there, and
`products` reads the steps that multiply by one. `layer` has the geometry and products of one layer,
`sketch` its projections where exact is too dear. `survey` chooses the forms of all, and `coverage`
tells it. `gradients` runs forward and backward, `contraction` makes tiles of what they give, on a
CPU through `host`, and `engine` joins them.
"""

from davinz_jax.ntk.engines.layerwise.engine import LayerwiseEngine

__all__ = ["LayerwiseEngine"]
