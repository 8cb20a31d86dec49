"""Tiles of factored layers on a CPU: the host's BLAS for products, NumPy for sums over a window.

XLA's CPU backend is several times slower here: it pads products of pixels, which are many times
the size of the tile, and its matrix products reach a fraction of the BLAS's rate. Products of a few
rows exist at a time, small enough for the cache; each offset of the window adds the products of
the positions at which it meets the image, so that nothing is padded.
"""

import itertools

import numpy as np
from jaxtyping import Float, Num, Shaped

from davinz_jax.ntk.engines.layerwise.layer import Layer, is_pointwise, window_meets
from davinz_jax.ntk.engines.layerwise.survey import Form
from davinz_jax.types import Array

Factors = tuple[Num[Array, "_ ..."], Float[Array, "_ _ _"]]
"""Inputs (or patches) and signals of a layer, of some rows."""

_SCRATCH_BYTES = 2**23
"""Bytes of position products that exist at a time."""


def host_tile(
    layer: Layer, form: Form, factors: Factors, others: Factors | None
) -> Float[np.ndarray, "n m"]:
    """Tile of one factored layer, from inputs and signals of two batches of rows.

    Args:
        layer: geometry.
        form: how its inputs are kept.
        factors: inputs and signals of n rows.
        others: of m other rows; None is the n rows themselves, at half the cost.
    """
    inputs, signals = _arrange(layer, form, factors)
    other_inputs, other_signals = (
        (inputs, signals) if others is None else _arrange(layer, form, others)
    )
    rows, columns = inputs.shape[2], other_inputs.shape[2]
    tile = np.zeros((rows, columns), signals.dtype)
    row_bytes = 2 * columns * (inputs.shape[1] ** 2 + layer.positions**2) * signals.itemsize
    step = max(1, min(rows, _SCRATCH_BYTES // row_bytes))
    for start in range(0, rows, step):
        part = slice(start, start + step)
        beside = slice(start if others is None else 0, columns)
        for group in range(layer.groups):
            inner = _products(inputs[group][:, part], other_inputs[group][:, beside])
            back = _products(signals[group][:, part], other_signals[group][:, beside])
            tile[part, beside] += _few_rows(layer, form, inner, back)
    return np.triu(tile) + np.triu(tile, 1).T if others is None else tile


def _arrange(
    layer: Layer, form: Form, factors: Factors
) -> tuple[Num[np.ndarray, "g p n u"], Float[np.ndarray, "g t n v"]]:
    """Inputs and signals by group and position, rows after them."""
    positions = layer.positions if form == "patches" else layer.positions_in
    return (
        _by_position(np.asarray(factors[0]), positions, layer.groups),
        _by_position(np.asarray(factors[1]), layer.positions, layer.groups),
    )


def _by_position(
    array: Num[np.ndarray, "n ..."], positions: int, groups: int
) -> Num[np.ndarray, "g p n u"]:
    """One factor by group and position, in no less than float32."""
    wide = array.astype(np.promote_types(array.dtype, np.float32), copy=False)
    return np.ascontiguousarray(
        wide.reshape(len(array), positions, groups, -1).transpose(2, 1, 0, 3)
    )


def _few_rows(
    layer: Layer,
    form: Form,
    inner: Shaped[np.ndarray, "p n p m"],
    signals: Float[np.ndarray, "t n t m"],
) -> Float[np.ndarray, "n m"]:
    """Tile of one group, from the products of a few rows' inputs and signals."""
    if layer.positions == 1 and inner.shape[0] == 1:
        return inner[0, :, 0] * signals[0, :, 0]
    patches = inner if form == "patches" else _window_sums(layer, inner)
    return np.einsum("tisj,tisj->ij", patches, signals)


def _products(
    factor: Num[np.ndarray, "p n u"], other: Num[np.ndarray, "p m u"]
) -> Shaped[np.ndarray, "p n p m"]:
    """Inner products between all positions of all rows."""
    flat = factor.reshape(-1, factor.shape[-1]) @ other.reshape(-1, other.shape[-1]).T
    return flat.reshape(*factor.shape[:2], *other.shape[:2])


def _window_sums(
    layer: Layer, pixels: Shaped[np.ndarray, "p n p m"]
) -> Shaped[np.ndarray, "t n t m"]:
    """Inner products of patches: sums over the window of those of pixels."""
    if is_pointwise(layer):
        return pixels
    rows, columns = pixels.shape[1], pixels.shape[3]
    pixels = pixels.reshape(*layer.space_in, rows, *layer.space_in, columns)
    axes = len(layer.window)
    summed = np.zeros((*layer.space_out, rows, *layer.space_out, columns), pixels.dtype)
    for offset in itertools.product(*(window_meets(layer, axis) for axis in range(axes))):
        out = tuple(where for where, _ in offset)
        into = tuple(where for _, where in offset)
        summed[(*out, slice(None), *out)] += pixels[(*into, slice(None), *into)]
    return summed.reshape(layer.positions, rows, layer.positions, columns)
