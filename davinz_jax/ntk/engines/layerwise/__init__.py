"""The layer-wise engine: kernels as sums over layers of products of inputs and backward signals.

`layer` has the geometry and products of one layer, `survey` finds the layers of a model and
chooses their forms, `gradients` runs forward and backward, `contraction` makes tiles of what they
give, on a CPU through `host`, and `engine` joins them.
"""

from davinz_jax.ntk.engines.layerwise.engine import LayerwiseEngine

__all__ = ["LayerwiseEngine"]
