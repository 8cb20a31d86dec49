"""VGG networks with BatchNorm for 32×32 images."""

from collections.abc import Sequence

import jax
import numpy as np
from flax import linen as nn
from jaxtyping import Float, Num

from davinz_jax.models.layers import as_images, batch_norm, conv, dense, flatten, freeze, max_pool


class VGG(nn.Module):
    """Stages of 3×3 convolution, BatchNorm, ReLU, each ended by a 2×2 max-pool; a linear layer.

    Submodules are numbered as PyTorch numbers the flat stack conv, norm, ReLU, ..., pool.

    Attributes:
        stages: channels of each convolution, stage by stage; five stages take 32×32 to one pixel.
        num_outputs: classes, or 1 for regression.
    """

    stages: Sequence[Sequence[int]]
    num_outputs: int = 10

    def __post_init__(self) -> None:
        self.stages = freeze(self.stages)
        super().__post_init__()

    @nn.compact
    def __call__(
        self, inputs: Num[jax.Array | np.ndarray, "n ..."], *, train: bool = False
    ) -> Float[jax.Array, "n k"]:
        """Outputs for a batch of images; `train` takes BatchNorm's statistics from the batch."""
        hidden = as_images(inputs, model="VGG", exactly=2 ** len(self.stages))
        index = 0  # in PyTorch's flat stack: three entries a convolution, one a pooling
        for stage in self.stages:
            for width in stage:
                hidden = conv(width, 3, name=f"features.{index}")(hidden)
                hidden = batch_norm(train=train, name=f"features.{index + 1}")(hidden)
                hidden = nn.relu(hidden)
                index += 3
            hidden = max_pool(hidden)
            index += 1
        return dense(self.num_outputs, name="classifier")(flatten(hidden))


def vgg11(*, num_outputs: int = 10) -> VGG:
    """VGG with eight convolutions."""
    return VGG(((64,), (128,), (256, 256), (512, 512), (512, 512)), num_outputs)


def vgg13(*, num_outputs: int = 10) -> VGG:
    """VGG with ten convolutions."""
    return VGG(((64,) * 2, (128,) * 2, (256,) * 2, (512,) * 2, (512,) * 2), num_outputs)


def vgg16(*, num_outputs: int = 10) -> VGG:
    """VGG with thirteen convolutions."""
    return VGG(((64,) * 2, (128,) * 2, (256,) * 3, (512,) * 3, (512,) * 3), num_outputs)
