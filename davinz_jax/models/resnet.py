"""Residual networks of basic blocks for small images (no pooling after the stem)."""

from collections.abc import Sequence

import jax
import numpy as np
from flax import linen as nn
from jaxtyping import Float, Num

from davinz_jax.models.layers import as_images, batch_norm, conv, dense, flatten, freeze


class BasicBlock(nn.Module):
    """Two 3×3 convolutions with BatchNorm beside a shortcut; ReLU after the sum.

    The shortcut is a 1×1 convolution with BatchNorm where the shape changes, else the identity.

    Attributes:
        channels: channels of both convolutions.
        stride: stride of the first one.
    """

    channels: int
    stride: int = 1

    @nn.compact
    def __call__(
        self, inputs: Float[jax.Array, "n h w c"], *, train: bool = False
    ) -> Float[jax.Array, "n h2 w2 c2"]:
        """The block's outputs; `train` takes BatchNorm's statistics from the batch."""
        hidden = conv(self.channels, 3, stride=self.stride, name="conv1")(inputs)
        hidden = nn.relu(batch_norm(train=train, name="bn1")(hidden))
        hidden = conv(self.channels, 3, name="conv2")(hidden)
        hidden = batch_norm(train=train, name="bn2")(hidden)
        if inputs.shape != hidden.shape:
            inputs = conv(self.channels, 1, stride=self.stride, name="shortcut.0")(inputs)
            inputs = batch_norm(train=train, name="shortcut.1")(inputs)
        return nn.relu(hidden + inputs)


class ResNet(nn.Module):
    """A 3×3 stem, stages of basic blocks, 4×4 average pool, a linear layer; no biases.

    The first block of every stage but the first halves height and width.

    Attributes:
        blocks: basic blocks in each stage.
        channels: channels of each stage; the stem has those of the first.
        num_outputs: classes, or 1 for regression.
    """

    blocks: Sequence[int]
    channels: Sequence[int] = (64, 128, 256, 512)
    num_outputs: int = 10

    def __post_init__(self) -> None:
        self.blocks, self.channels = freeze(self.blocks), freeze(self.channels)
        super().__post_init__()

    @nn.compact
    def __call__(
        self, inputs: Num[jax.Array | np.ndarray, "n ..."], *, train: bool = False
    ) -> Float[jax.Array, "n k"]:
        """Outputs for a batch of images; `train` takes BatchNorm's statistics from the batch."""
        smallest = 3 * 2 ** (len(self.channels) - 1) + 1  # halved (rounding up) to 4 pixels
        hidden = as_images(inputs, model="ResNet", at_least=smallest)
        hidden = conv(self.channels[0], 3, name="conv1")(hidden)
        hidden = nn.relu(batch_norm(train=train, name="bn1")(hidden))
        for stage, (blocks, width) in enumerate(zip(self.blocks, self.channels, strict=True)):
            for block in range(blocks):
                stride = 2 if stage > 0 and block == 0 else 1
                name = f"layer{stage + 1}.{block}"
                hidden = BasicBlock(width, stride, name=name)(hidden, train=train)
        hidden = nn.avg_pool(hidden, (4, 4), strides=(4, 4))
        return dense(self.num_outputs, name="linear")(flatten(hidden))


def resnet18(*, num_outputs: int = 10) -> ResNet:
    """ResNet with stages of 2, 2, 2, 2 blocks."""
    return ResNet((2, 2, 2, 2), num_outputs=num_outputs)


def resnet21(*, num_outputs: int = 10) -> ResNet:
    """ResNet with stages of 2, 3, 3, 3 blocks."""
    return ResNet((2, 3, 3, 3), num_outputs=num_outputs)


def resnet34(*, num_outputs: int = 10) -> ResNet:
    """ResNet with stages of 3, 4, 6, 3 blocks."""
    return ResNet((3, 4, 6, 3), num_outputs=num_outputs)
