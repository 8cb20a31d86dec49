r"""A layer as a kernel sees it: inputs a, backward signals b, and their products.

With u the patches of a (T positions of w·c numbers) and b = ∂g/∂output (T positions), a row's
gradient with respect to the layer's kernel is Σ_t u_t b_tᵀ, and the inner product of two rows'
gradients is Σ_{t,s} (u_t·u'_s)(b_t·b'_s). A dense layer is a convolution whose window is one
position; where rows of a table are looked up, u_t·u'_s is 1 for equal indices, else 0.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Bool, Float, Int, Num, Shaped

from davinz_jax.types import Array


class Use(NamedTuple):
    """A step of a program that multiplies a leaf, as its kernel, by inputs.

    Attributes:
        step: number of the step.
        place: operand that the kernel is.
        scales: numbers of values, scalars by which the leaf is multiplied on its way there.
        divisors: numbers of scalars by which it is divided.
    """

    step: int
    place: int
    scales: tuple[int, ...] = ()
    divisors: tuple[int, ...] = ()


@dataclass(frozen=True)
class Layer:
    """Geometry of a layer, per row; hashable, so that it can be static under jit.

    Attributes:
        path: path of the leaf that is its kernel, as `jax.tree_util.keystr` writes it.
        space_in: positions of its input along each axis; (t,) for a dense layer.
        space_out: positions of its output.
        channels_in: c, channels of its input, over all groups; 1, the index, for a lookup.
        channels_out: channels of its output, over all groups.
        window: size of its kernel along each axis.
        strides: steps of the window.
        padding: zeros before and after along each axis.
        dilation: steps within the window.
        groups: independent groups of channels.
        table: rows of the table in which inputs are looked up; 0 where they are multiplied.
        uses: steps that compute it, whose positions lie one after another.
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
    table: int = 0
    uses: tuple[Use, ...] = ()

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
        """Parameters of the layer."""
        return (self.table or self.patch_size) * self.channels_out // self.groups


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
    layer: Layer, inputs: Num[Array, "..."], signals: Float[Array, "l ..."]
) -> Float[Array, " p"]:
    """Gradients of l logits of one row with respect to the layer's parameters, flattened."""
    if layer.table:
        return _table_gradient(layer, inputs[:, 0], signals).reshape(-1)
    u = patches(layer, inputs[None])[0]
    b = signals.reshape(-1, layer.positions, layer.groups, layer.channels_out // layer.groups)
    return jnp.einsum("tgu,ltgo->lguo", u, b, precision=lax.Precision.HIGHEST).reshape(-1)


def _table_gradient(
    layer: Layer, indices: Int[Array, " t"], signals: Float[Array, "l t o"]
) -> Float[Array, "l v o"]:
    """Signals of l logits added up by the row of the table that each position looked up."""
    known = jnp.where(indices < 0, layer.table, indices)  # what was not looked up is dropped
    return jax.vmap(lambda b: jax.ops.segment_sum(b, known, layer.table))(signals)


def joined_signals(layer: Layer, signals: Float[Array, "n l ..."]) -> Float[Array, "n t o"]:
    """Signals of l logits as further channels of their groups, position by position."""
    apart = signals.reshape(*signals.shape[:2], layer.positions, layer.groups, -1)
    return jnp.moveaxis(apart, 1, 3).reshape(len(signals), layer.positions, -1)


def patch_products(
    layer: Layer, inputs: Float[Array, "n t g u"], others: Float[Array, "m t g u"]
) -> Float[Array, "g n t m t"]:
    """Inner products of patches, by the patches."""
    del layer
    return jnp.einsum(
        "itgu,jsgu->gitjs", inputs, others, precision=lax.Precision.HIGHEST,
        preferred_element_type=jnp.promote_types(inputs.dtype, jnp.float32),
    )  # fmt: skip


def pixel_products(
    layer: Layer, inputs: Num[Array, "n ..."], others: Num[Array, "m ..."]
) -> Shaped[Array, "g n t m t"]:
    """Inner products of patches, as sums over the window of inner products of pixels.

    Cheaper than `patch_products` by the window where neighbouring patches overlap.
    """
    n, m, groups = inputs.shape[0], others.shape[0], layer.groups
    if layer.table:
        return same_rows(inputs[None, ..., 0], others[None, ..., 0])
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


def same_rows(
    indices: Int[Array, "... n t"], others: Int[Array, "... m t"]
) -> Bool[Array, "... n t m t"]:
    """Whether the same row of a table was looked up."""
    beside = others[..., None, None, :, :]
    return (indices[..., None, None] == beside) & (beside >= 0)


def is_pointwise(layer: Layer) -> bool:
    """Whether each position of the output meets that of the input alone."""
    is_padded = any(side for pair in layer.padding for side in pair)
    return layer.window_size == 1 and layer.space_in == layer.space_out and not is_padded


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
