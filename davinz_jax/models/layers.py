"""Layers that the architectures share: bias-free, with PyTorch's initialisation and paddings.

Submodules carry PyTorch's names ("conv1.0", "features.3"), and a convolution stack is flattened
channel first, so that weights mean the same on either side and are exchanged without renaming.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn
from jaxtyping import Num

from davinz_jax.models.convolution import small_image_convolution
from davinz_jax.models.initializers import pytorch_uniform


def dense(features: int, *, name: str) -> nn.Dense:
    """Linear layer without bias."""
    return nn.Dense(features, use_bias=False, kernel_init=pytorch_uniform(), name=name)


def conv(features: int, kernel_size: int, *, name: str, stride: int = 1) -> nn.Conv:
    """Square convolution without bias, padded by half the kernel on each side."""
    side = (kernel_size - 1) // 2
    return nn.Conv(
        features,
        (kernel_size, kernel_size),
        strides=(stride, stride),
        padding=((side, side), (side, side)),
        use_bias=False,
        kernel_init=pytorch_uniform(),
        conv_general_dilated=small_image_convolution,  # pyright: ignore[reportArgumentType]
        name=name,
    )


def batch_norm(*, train: bool, name: str) -> nn.BatchNorm:
    """BatchNorm by running statistics (fixed form), or by those of the batch when training.

    At initialisation the fixed form is the factor 1/sqrt(1 + 1e-5). Departs from PyTorch: the
    running variance takes the batch's biased variance, not the unbiased one.
    """
    return nn.BatchNorm(use_running_average=not train, momentum=0.9, epsilon=1e-5, name=name)


def max_pool(inputs: Num[jax.Array, "n h w c"]) -> Num[jax.Array, "n h2 w2 c"]:
    """Largest of each 2×2 window, the first of equals; an odd last row or column is dropped.

    Two comparisons in place of `nn.max_pool`, the same in values and derivatives: on a processor
    XLA differentiates a window's maximum row by row, which took three quarters of training a CNN.
    """
    height, width = (side // 2 * 2 for side in inputs.shape[1:3])
    columns = _larger(inputs[:, :, 0:width:2], inputs[:, :, 1:width:2])
    return _larger(columns[:, 0:height:2], columns[:, 1:height:2])


def _larger(
    first: Num[jax.Array, "n h w c"], second: Num[jax.Array, "n h w c"]
) -> Num[jax.Array, "n h w c"]:
    return jnp.where(second > first, second, first)


def flatten(inputs: Num[jax.Array, "n ..."]) -> Num[jax.Array, "n d"]:
    """Rows as vectors; images (n, h, w, c) channel first, as PyTorch's networks read them."""
    if inputs.ndim == 4:
        inputs = jnp.transpose(inputs, (0, 3, 1, 2))  # (n, h, w, c) -> (n, c, h, w)
    return inputs.reshape(inputs.shape[0], -1)


def as_images(
    inputs: Num[jax.Array | np.ndarray, "n ..."],
    *,
    model: str,
    at_least: int = 1,
    exactly: int | None = None,
) -> Num[jax.Array, "n h w c"]:
    """Inputs as (n, h, w, c) images; (n, h, w) ones get their one channel.

    Args:
        inputs: what the network is given.
        model: its name, for the message.
        at_least: smallest height and width that leave a pixel after all pooling.
        exactly: the one height and width that fits, if there is only one.

    Returns:
        The images, dtype of `inputs`.

    Raises:
        ValueError: if `inputs` are no images, or images of a size that does not fit.
    """
    images = jnp.asarray(inputs)
    images = images[..., None] if images.ndim == 3 else images
    sides = images.shape[1:3]
    fits = images.ndim == 4 and min(sides) >= at_least
    if not fits or (exactly is not None and sides != (exactly, exactly)):
        low = at_least if exactly is None else exactly
        bound = "at least " if exactly is None else ""
        raise ValueError(
            f"inputs: wanted images (n, height, width, channels) of {bound}{low}×{low} for "
            f"{model}, got {jnp.shape(inputs)}; resize the images or choose another model"
        )
    return images


def freeze(value: Any) -> Any:
    """Nested sequences, as a configuration gives them, as nested tuples: they can be hashed."""
    if isinstance(value, str) or not hasattr(value, "__iter__"):
        return value
    return tuple(freeze(item) for item in value)
