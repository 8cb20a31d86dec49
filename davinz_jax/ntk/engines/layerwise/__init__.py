"""The layer-wise engine.

`layer` has the geometry and products of one layer, `survey` finds the layers of a model and
chooses their forms, `gradients` runs forward and backward, `contraction` makes tiles, `engine`
joins them.
"""

from davinz_jax.ntk.engines.layerwise.engine import LayerwiseEngine

__all__ = ["LayerwiseEngine"]
