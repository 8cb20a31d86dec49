"""PyTorch's default initialisation, which the paper's networks start from."""

from flax import linen as nn
from jax.nn.initializers import Initializer


def pytorch_uniform() -> Initializer:
    """Initialiser U(-1/√fan_in, 1/√fan_in) for the weights of convolutions and linear layers.

    The variance of that law is 1/(3·fan_in), which is how Flax's variance scaling names it.

    Example:
        >>> import jax
        >>> weights = pytorch_uniform()(jax.random.key(0), (5, 5, 4, 8))  # fan_in = 5·5·4 = 100
        >>> bool(abs(weights).max() < 0.1), bool(abs(weights).max() > 0.09)
        (True, True)
    """
    return nn.initializers.variance_scaling(1 / 3, "fan_in", "uniform")
