"""The paper's deeper convolutional network for Ising configurations."""

from collections.abc import Sequence

import jax
import numpy as np
from flax import linen as nn
from jaxtyping import Float, Num

from davinz_jax.models.layers import as_images, conv, dense, flatten, freeze, max_pool


class CNN8(nn.Module):
    """5×5 convolutions with ReLU, a 2×2 max-pool after the first and the last, two linear layers.

    The two linear layers have no ReLU between them; nothing has a bias.

    Attributes:
        stem: channels of the first convolution.
        channels: channels of the convolutions between the two poolings.
        kernel_size: side of the square kernels; odd.
        hidden: units between the two linear layers.
        num_outputs: 1 for regression, or classes.
    """

    stem: int = 16
    channels: Sequence[int] = (64, 256, 256, 64, 32)
    kernel_size: int = 5
    hidden: int = 10
    num_outputs: int = 1

    def __post_init__(self) -> None:
        self.channels = freeze(self.channels)
        super().__post_init__()

    @nn.compact
    def __call__(
        self, inputs: Num[jax.Array | np.ndarray, "n ..."], *, train: bool = False
    ) -> Float[jax.Array, "n k"]:
        """Outputs for a batch of images of any size; `train` changes nothing here."""
        images = as_images(inputs, model="CNN8", at_least=4)
        hidden = max_pool(nn.relu(conv(self.stem, self.kernel_size, name="conv1.0")(images)))
        for layer, width in enumerate(self.channels):
            hidden = nn.relu(conv(width, self.kernel_size, name=f"conv2.{2 * layer}")(hidden))
        hidden = dense(self.hidden, name="out")(flatten(max_pool(hidden)))
        return dense(self.num_outputs, name="out2")(hidden)
