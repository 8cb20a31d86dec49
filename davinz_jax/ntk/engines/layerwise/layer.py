r"""A Dense or Conv layer as a kernel sees it: inputs a, backward signals b, and their products.

With u the patches of a (T positions of w·c numbers) and b = ∂g/∂output (T positions), a row's
gradient with respect to the layer's kernel is Σ_t u_t b_tᵀ, and the inner product of two rows'
gradients is Σ_{t,s} (u_t·u'_s)(b_t·b'_s). A Dense layer is a Conv whose window is one position.
"""

import math
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np
from flax import linen as nn
from jax import lax
from jaxtyping import Float, Shaped

from davinz_jax.types import Array


@dataclass(frozen=True)
class Layer:
    """Geometry of a layer, per row; hashable, so that it can be static under jit.

    Attributes:
        path: path of the module, as `jax.tree_util.keystr` writes that of its variables.
        space_in: positions of its input along each axis; (t,) for a Dense layer.
        space_out: positions of its output.
        channels_in: c, channels of its input, over all groups.
        channels_out: channels of its output, over all groups.
        window: size of its kernel along each axis.
        strides: steps of the window.
        padding: zeros before and after along each axis.
        dilation: steps within the window.
        groups: independent groups of channels.
        with_bias: whether its bias is among the parameters.
        dtype: dtype of its output.
    """

    path: str
    space_in: tuple[int, ...]
    space_out: tuple[int, ...]
    channels_in: int
    channels_out: int
    window: tuple[int, ...]
    strides: tuple[int, ...]
    padding: tuple[tuple[int, int], ...]
    dilation: tuple[int, ...]
    groups: int
    with_bias: bool
    dtype: str

    @property
    def leaves(self) -> tuple[str, ...]:
        """Paths of the leaves whose gradients the layer covers."""
        kernel = f"{self.path}['kernel']"
        return (kernel, f"{self.path}['bias']") if self.with_bias else (kernel,)

    @property
    def positions_in(self) -> int:
        """Positions of the input."""
        return math.prod(self.space_in)

    @property
    def positions(self) -> int:
        """T, positions of the output."""
        return math.prod(self.space_out)

    @property
    def window_size(self) -> int:
        """w, positions in the window."""
        return math.prod(self.window)

    @property
    def patch_size(self) -> int:
        """Numbers in a patch, over all groups."""
        return self.window_size * self.channels_in

    @property
    def num_parameters(self) -> int:
        """Parameters of the layer that are differentiated."""
        kernel = self.patch_size * self.channels_out // self.groups
        return kernel + (self.channels_out if self.with_bias else 0)


def dense_layer(
    module: nn.Dense,
    path: str,
    inputs: Shaped[Array, "..."],
    output: Shaped[Array, "..."],
    with_bias: bool,
) -> Layer:
    """Geometry of a Dense module called on one row."""
    positions = (math.prod(inputs.shape[:-1]),)
    one = (1,)
    return Layer(
        path, positions, positions, inputs.shape[-1], output.shape[-1], one, one, ((0, 0),), one, 1,
        with_bias, np.dtype(output.dtype).name,
    )  # fmt: skip


def conv_layer(
    module: nn.Conv,
    path: str,
    inputs: Shaped[Array, "..."],
    output: Shaped[Array, "..."],
    with_bias: bool,
) -> Layer | None:
    """Geometry of a Conv module called on one row, or None if it is of a kind not covered."""
    window = _per_axis(module.kernel_size, 1)
    axes = len(window)
    if inputs.ndim != axes + 2 or inputs.shape[0] != 1:
        return None
    strides = _per_axis(module.strides or 1, axes)
    dilation = _per_axis(module.kernel_dilation or 1, axes)
    padding = _padding(module.padding, inputs.shape[1:-1], window, strides, dilation)
    if padding is None or set(_per_axis(module.input_dilation or 1, axes)) != {1}:
        return None
    return Layer(
        path, inputs.shape[1:-1], output.shape[1:-1], inputs.shape[-1], output.shape[-1], window,
        strides, padding, dilation, module.feature_group_count, with_bias,
        np.dtype(output.dtype).name,
    )  # fmt: skip


def patches(layer: Layer, inputs: Float[Array, "n ..."]) -> Float[Array, "n t g u"]:
    """Patches u of the inputs, a group's channels together; the window's positions come first."""
    num_rows = inputs.shape[0]
    split = inputs.reshape(num_rows, *layer.space_in, layer.groups, -1)
    around = ((0, 0), *layer.padding, (0, 0), (0, 0))
    padded = jnp.pad(split, around)
    shifted = [_shift(layer, padded, offset, axis=1) for offset in np.ndindex(*layer.window)]
    joined = shifted[0] if len(shifted) == 1 else jnp.concatenate(shifted, axis=-1)
    return joined.reshape(num_rows, layer.positions, layer.groups, -1)


def row_gradient(
    layer: Layer, inputs: Float[Array, "..."], signals: Float[Array, "l ..."]
) -> Float[Array, " p"]:
    """Gradients of l logits of one row with respect to the layer's parameters, flattened."""
    u = patches(layer, inputs[None])[0]
    b = signals.reshape(-1, layer.positions, layer.groups, layer.channels_out // layer.groups)
    kernel = jnp.einsum("tgu,ltgo->lguo", u, b, precision=lax.Precision.HIGHEST).reshape(-1)
    return jnp.concatenate([kernel, b.sum(axis=1).reshape(-1)]) if layer.with_bias else kernel


def joined_signals(layer: Layer, signals: Float[Array, "n l ..."]) -> Float[Array, "n t o"]:
    """Signals of l logits as further channels of their groups, position by position."""
    apart = signals.reshape(*signals.shape[:2], layer.positions, layer.groups, -1)
    return jnp.moveaxis(apart, 1, 3).reshape(len(signals), layer.positions, -1)


def patch_products(
    layer: Layer, inputs: Float[Array, "n t g u"], others: Float[Array, "m t g u"]
) -> Float[Array, "g n t m t"]:
    """Inner products of patches, by the patches."""
    return jnp.einsum(
        "itgu,jsgu->gitjs", inputs, others, precision=lax.Precision.HIGHEST,
        preferred_element_type=jnp.promote_types(inputs.dtype, jnp.float32),
    )  # fmt: skip


def pixel_products(
    layer: Layer, inputs: Float[Array, "n ..."], others: Float[Array, "m ..."]
) -> Float[Array, "g n t m t"]:
    """Inner products of patches, as sums over the window of inner products of pixels.

    Cheaper than `patch_products` by the window where neighbouring patches overlap.
    """
    n, m, groups = inputs.shape[0], others.shape[0], layer.groups
    pixels = jnp.einsum(
        "ipgc,jqgc->gipjq",
        inputs.reshape(n, layer.positions_in, groups, -1),
        others.reshape(m, layer.positions_in, groups, -1),
        precision=lax.Precision.HIGHEST,
        preferred_element_type=jnp.promote_types(inputs.dtype, jnp.float32),
    )
    pixels = pixels.reshape(groups, n, *layer.space_in, m, *layer.space_in)
    axes = len(layer.window)
    padded = jnp.pad(pixels, ((0, 0), (0, 0), *layer.padding, (0, 0), *layer.padding))
    total = jnp.zeros((), pixels.dtype)
    for offset in np.ndindex(*layer.window):
        half = _shift(layer, padded, offset, axis=2)
        part = _shift(layer, half, offset, axis=3 + axes)
        total = part if total.ndim == 0 else total + part
    return total.reshape(groups, n, layer.positions, m, layer.positions)


def window_meets(layer: Layer, axis: int) -> list[tuple[slice, slice]]:
    """For each place of the window along an axis: output positions, and the inputs they meet."""
    size_in, size_out = layer.space_in[axis], layer.space_out[axis]
    stride, before = layer.strides[axis], layer.padding[axis][0]
    found = []
    for place in range(layer.window[axis]):
        shift = place * layer.dilation[axis] - before
        first = max(0, math.ceil(-shift / stride))
        last = min(size_out - 1, (size_in - 1 - shift) // stride)
        if first <= last:
            start = first * stride + shift
            inputs = slice(start, start + (last - first) * stride + 1, stride)
            found.append((slice(first, last + 1), inputs))
    return found


def _shift(
    layer: Layer, padded: Float[Array, "..."], offset: tuple[int, ...], *, axis: int
) -> Float[Array, "..."]:
    """Padded positions that one place of the window meets, along the axes from `axis` on."""
    for along, (start, step, dilation, count) in enumerate(
        zip(offset, layer.strides, layer.dilation, layer.space_out, strict=True), start=axis
    ):
        first = start * dilation
        padded = lax.slice_in_dim(padded, first, first + (count - 1) * step + 1, step, along)
    return padded


def _per_axis(value: Any, axes: int) -> tuple[Any, ...]:
    """One entry an axis."""
    return (value,) * axes if isinstance(value, int) else tuple(value)


def _padding(
    padding: Any,
    space: tuple[int, ...],
    window: tuple[int, ...],
    strides: tuple[int, ...],
    dilation: tuple[int, ...],
) -> tuple[tuple[int, int], ...] | None:
    """Zeros before and after along each axis, or None for padding that is no zeros or cuts off."""
    if isinstance(padding, str):
        if padding not in ("SAME", "VALID"):
            return None
        spread = [(w - 1) * d + 1 for w, d in zip(window, dilation, strict=True)]
        found = lax.padtype_to_pads(space, spread, strides, padding)
        return tuple((int(before), int(after)) for before, after in found)
    sides = _per_axis(padding, len(window))
    pairs = tuple((side, side) if isinstance(side, int) else tuple(side) for side in sides)
    return None if min(min(pair) for pair in pairs) < 0 else pairs
