"""The paper's small convolutional network for digits."""

from collections.abc import Sequence

import jax
import numpy as np
from flax import linen as nn
from jaxtyping import Float, Num

from davinz_jax.models.layers import as_images, conv, dense, flatten, freeze, max_pool


class CNN(nn.Module):
    """Convolutions, each with ReLU and 2×2 max-pool, then one linear layer; no biases.

    Attributes:
        channels: channels of each convolution.
        kernel_size: side of the square kernels; odd.
        num_outputs: classes, or 1 for regression.
    """

    channels: Sequence[int] = (16, 32)
    kernel_size: int = 5
    num_outputs: int = 10

    def __post_init__(self) -> None:
        self.channels = freeze(self.channels)
        super().__post_init__()

    @nn.compact
    def __call__(
        self, inputs: Num[jax.Array | np.ndarray, "n ..."], *, train: bool = False
    ) -> Float[jax.Array, "n k"]:
        """Outputs for a batch of images of any size; `train` changes nothing here."""
        hidden = as_images(inputs, model="CNN", at_least=2 ** len(self.channels))
        for layer, width in enumerate(self.channels, start=1):
            hidden = max_pool(nn.relu(conv(width, self.kernel_size, name=f"conv{layer}.0")(hidden)))
        return dense(self.num_outputs, name="out")(flatten(hidden))
