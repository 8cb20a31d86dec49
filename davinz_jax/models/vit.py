"""Encoder of images: patches through layers of attention, a linear head on the pooled state.

Norms come before what they are of, unlike BERT's. Submodules carry Hugging Face's words, so that
weights need no renaming but for a layout's own (`models/hugging_face.py`).
"""

from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn
from jaxtyping import Bool, Float, Num

from davinz_jax.models.bert import Head, Pooling, attend
from davinz_jax.types import Output


@dataclass(frozen=True)
class ImageShape:
    """Sizes of an encoder of images, and the pixels that it was trained on.

    Attributes:
        size: height and width of an image, in pixels.
        patch: side of a patch.
        channels: of an image; grey ones are repeated to as many.
        width: of a hidden state.
        num_layers: of them.
        num_heads: of attention; a divisor of the width.
        inner_width: of the two linear layers between states.
        epsilon: of the norms.
        mean: taken from pixels in [0, 1], one a channel.
        scale: what is left is divided by, one a channel.
    """

    size: int = 224
    patch: int = 16
    channels: int = 3
    width: int = 768
    num_layers: int = 12
    num_heads: int = 12
    inner_width: int = 3072
    epsilon: float = 1e-12
    mean: tuple[float, ...] = (0.5, 0.5, 0.5)
    scale: tuple[float, ...] = (0.5, 0.5, 0.5)


class ViT(nn.Module):
    """Vision transformer with a linear head; inputs are pixels in [0, 1], channels last.

    Attributes:
        shape: of the encoder.
        num_outputs: classes, or 1 for regression.
        pooling: state that the head sees: that of the class token, or the mean over patches.
        head_from: how the head comes by its weights, which this module is but told.
        usual_output: of its tangent kernel; one pass a logit is dear here.
    """

    usual_output: ClassVar[Output] = "first"

    shape: ImageShape = ImageShape()
    num_outputs: int = 2
    pooling: Pooling = "cls"
    head_from: Head = "drawn"

    @property
    def knows_labels(self) -> bool:
        """Whether its outputs know the labels of the rows that its tangent kernel is of."""
        return self.head_from == "ridge"

    def setup(self) -> None:
        """The encoder and its head."""
        self.encoder = ImageEncoder(self.shape)
        self.head = nn.Dense(self.num_outputs)

    def __call__(
        self, inputs: Num[jax.Array | np.ndarray, "n h w c"], *, train: bool = False
    ) -> Float[jax.Array, "n k"]:
        """Outputs for a batch of images; `train` changes nothing here."""
        states = self.encoder(jnp.asarray(inputs))
        return self.head(states[:, 0] if self.pooling == "cls" else states[:, 1:].mean(axis=1))


class ImageEncoder(nn.Module):
    """Patches and their positions, then layers of attention, and a norm."""

    shape: ImageShape

    @nn.compact
    def __call__(self, images: Num[jax.Array, "n h w _"]) -> Float[jax.Array, "n t d"]:
        """Hidden states of the class token and of each patch."""
        shape, side = self.shape, (self.shape.patch, self.shape.patch)
        pixels = jnp.broadcast_to(images, (*images.shape[:3], shape.channels))
        mean, scale = (
            jnp.asarray(each, pixels.dtype).reshape(1, 1, 1, -1)
            for each in (shape.mean, shape.scale)
        )
        pixels = (pixels - mean) / scale
        patches = nn.Conv(shape.width, side, side, padding="VALID", name="projection")(pixels)
        patches = patches.reshape(len(patches), -1, shape.width)
        first = self.param("cls_token", nn.initializers.zeros, (1, 1, shape.width))
        place = self.param(
            "position_embeddings",
            nn.initializers.normal(0.02),
            (1, patches.shape[1] + 1, shape.width),
        )
        first = jnp.broadcast_to(first, (len(patches), 1, shape.width))
        hidden = jnp.concatenate([first, patches], axis=1) + place
        for number in range(shape.num_layers):
            hidden = ImageLayer(shape, name=f"layer_{number}")(hidden)
        return nn.LayerNorm(shape.epsilon, name="final_norm")(hidden)


class ImageLayer(nn.Module):
    """Attention and two linear layers, each after a norm and added to what it is of."""

    shape: ImageShape

    @nn.compact
    def __call__(self, hidden: Float[jax.Array, "n t d"]) -> Float[jax.Array, "n t d"]:
        """Hidden states after one layer."""
        width, epsilon = self.shape.width, self.shape.epsilon
        seen = nn.LayerNorm(epsilon, name="attention_norm")(hidden)
        query, key, value = (nn.Dense(width, name=name)(seen) for name in ("query", "key", "value"))
        every: Bool[jax.Array, "n t"] = jnp.ones(hidden.shape[:2], bool)
        mixed = attend(query, key, value, every, num_heads=self.shape.num_heads)
        hidden = hidden + nn.Dense(width, name="attention_output")(mixed)
        seen = nn.LayerNorm(epsilon, name="output_norm")(hidden)
        inner = nn.gelu(
            nn.Dense(self.shape.inner_width, name="intermediate")(seen), approximate=False
        )
        return hidden + nn.Dense(width, name="output")(inner)
