"""Tiles of factored layers on a CPU: the host's BLAS for products, NumPy for sums over a window.

XLA's CPU backend is several times slower here: it pads products of pixels, which are many times
the size of the tile, and its matrix products reach a fraction of the BLAS's rate. Products of a few
rows exist at a time, small enough for the cache; each offset of the window adds the products of
the positions at which it meets the image, so that nothing is padded.
"""

import itertools
from typing import Any

import numpy as np
from jaxtyping import Float

from davinz_jax.ntk.engines.layerwise.layer import Layer, window_meets
from davinz_jax.ntk.engines.layerwise.survey import Form

_CACHED_BYTES = 2**23
"""Bytes of position products that exist at a time."""


def host_tile(
    layer: Layer,
    form: Form,
    left: tuple[Any, Any],
    right: tuple[Any, Any] | None,
) -> Float[np.ndarray, "n m"]:
    """Tile of one factored layer, from inputs and signals of two batches of rows.

    Args:
        layer: geometry.
        form: how its inputs are kept.
        left: inputs and signals of n rows.
        right: of m other rows; None is the n rows themselves, at half the cost.
    """
    inputs, signals = _by_position(layer, form, left)
    other_inputs, other_signals = (
        (inputs, signals) if right is None else _by_position(layer, form, right)
    )
    rows, columns = inputs.shape[2], other_inputs.shape[2]
    tile = np.zeros((rows, columns), signals.dtype)
    a_row = 2 * columns * (inputs.shape[1] ** 2 + layer.positions**2) * signals.itemsize
    logits_per_pass = max(1, min(rows, _CACHED_BYTES // a_row))
    for start in range(0, rows, logits_per_pass):
        part = slice(start, start + logits_per_pass)
        beside = slice(start if right is None else 0, columns)
        for group in range(layer.groups):
            tile[part, beside] += _few_rows(
                layer,
                form,
                (inputs[group][:, part], signals[group][:, part]),
                (other_inputs[group][:, beside], other_signals[group][:, beside]),
            )
    return np.triu(tile) + np.triu(tile, 1).T if right is None else tile


def _by_position(
    layer: Layer, form: Form, kept: tuple[Any, Any]
) -> tuple[Float[np.ndarray, "g p n u"], Float[np.ndarray, "g t n o"]]:
    """Inputs and signals by group and position, rows after them."""
    inputs, signals = np.asarray(kept[0]), np.asarray(kept[1])
    positions = layer.positions if form == "patches" else layer.positions_in
    return (
        np.ascontiguousarray(_grouped(inputs, positions, layer.groups)),
        np.ascontiguousarray(_grouped(signals, layer.positions, layer.groups)),
    )


def _grouped(array: np.ndarray, positions: int, groups: int) -> np.ndarray:
    wide = array.astype(np.promote_types(array.dtype, np.float32), copy=False)
    return wide.reshape(len(array), positions, groups, -1).transpose(2, 1, 0, 3)


def _few_rows(
    layer: Layer,
    form: Form,
    left: tuple[Any, Any],
    right: tuple[Any, Any],
) -> Float[np.ndarray, "n m"]:
    """Tile of one group, for few enough rows."""
    inner, signals = _products(left[0], right[0]), _products(left[1], right[1])
    if layer.positions == 1 and inner.shape[0] == 1:
        tile = inner[0, :, 0] * signals[0, :, 0]
    elif form == "patches":
        tile = np.einsum("tisj,tisj->ij", inner, signals)
    else:
        tile = np.einsum("tisj,tisj->ij", _windowed(layer, inner), signals)
    return tile + signals.sum(axis=(0, 2)) if layer.with_bias else tile


def _products(left: np.ndarray, right: np.ndarray) -> Float[np.ndarray, "p n p m"]:
    """Inner products between all positions of all rows."""
    flat = left.reshape(-1, left.shape[-1]) @ right.reshape(-1, right.shape[-1]).T
    return flat.reshape(*left.shape[:2], *right.shape[:2])


def _windowed(layer: Layer, pixels: Float[np.ndarray, "p n p m"]) -> Float[np.ndarray, "t n t m"]:
    """Inner products of patches: sums over the window of those of pixels."""
    rows, columns = pixels.shape[1], pixels.shape[3]
    pixels = pixels.reshape(*layer.space_in, rows, *layer.space_in, columns)
    axes = len(layer.window)
    summed = np.zeros((*layer.space_out, rows, *layer.space_out, columns), pixels.dtype)
    for offset in itertools.product(*(window_meets(layer, axis) for axis in range(axes))):
        out = tuple(where for where, _ in offset)
        into = tuple(where for _, where in offset)
        summed[(*out, slice(None), *out)] += pixels[(*into, slice(None), *into)]
    return summed.reshape(layer.positions, rows, layer.positions, columns)
