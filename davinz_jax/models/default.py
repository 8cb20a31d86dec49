"""A network for data of which nothing is said but its shape."""

from flax import linen as nn

from davinz_jax.models.cnn import CNN
from davinz_jax.models.mlp import MLP

TABLE_WIDTHS = (64, 64)


def default_model(*, input_shape: tuple[int, ...], num_outputs: int) -> nn.Module:
    """The paper's CNN for images, a small MLP for rows of a table.

    Args:
        input_shape: shape of one row of inputs: (d,), (h, w) or (h, w, c).
        num_outputs: classes, or 1 for regression.

    >>> default_model(input_shape=(13,), num_outputs=3).widths
    (64, 64)
    """
    if len(input_shape) == 1:
        return MLP(widths=TABLE_WIDTHS, num_outputs=num_outputs)
    return CNN(num_outputs=num_outputs)
