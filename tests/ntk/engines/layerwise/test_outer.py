"""Tiles by gradients that are formed when they are multiplied, against gradients written out."""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest

from davinz_jax.ntk.engines.layerwise import contraction, outer
from davinz_jax.ntk.engines.layerwise.contraction import _layer_tile
from davinz_jax.ntk.engines.layerwise.layer import is_pointwise, joined_signals
from davinz_jax.ntk.engines.layerwise.outer import outer_tile
from tests.ntk.engines.layerwise.geometries import LAYERS, drawn, gradients

WIDE = replace(LAYERS["dense at positions"], channels_in=70, channels_out=130)
GROUPED = replace(WIDE, groups=2)


@pytest.mark.parametrize(
    "layer", [*LAYERS.values(), WIDE, GROUPED], ids=[*LAYERS, "wide", "groups"]
)
def test_tile_is_the_product_of_gradients(layer, monkeypatch):
    """With room for all of a layer's gradients, for some, and for one number of each row's."""
    left, right = drawn(layer, 5, 0), drawn(layer, 3, 1)
    rows, columns = gradients(layer, *left), gradients(layer, *right)
    for room in (2**26, 40_000, 1):
        monkeypatch.setattr(outer, "ROOM_BYTES", room)
        if room == 1 and layer.num_parameters > 1000:
            continue
        np.testing.assert_allclose(outer_tile(layer, left, right), rows @ columns.T, atol=1e-10)
        own = outer_tile(layer, left, None)
        np.testing.assert_allclose(own, rows @ rows.T, atol=1e-10)
        np.testing.assert_array_equal(own, own.T)


@pytest.mark.parametrize("layer", [WIDE, GROUPED], ids=["wide", "groups"])
def test_threads_change_no_bit(layer, monkeypatch):
    monkeypatch.setattr(outer, "ROOM_BYTES", 40_000)
    left, right = drawn(layer, 5, 0), drawn(layer, 3, 1)
    found = []
    for count in (1, 2, 5):
        monkeypatch.setattr(outer, "most_threads", lambda count=count: count)
        found.append(outer_tile(layer, left, right))
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])


def test_parts_keep_within_the_room():
    """Eighths of the input channels, and as many outputs as there is room for beside them."""
    assert outer._channels_at_once(384, 1536, 4 * 100) == (48, 1536)
    assert outer._channels_at_once(384, 1536, 4 * 2000) == (48, 174)
    assert outer._channels_at_once(8, 4, 4 * 100) == (8, 4)
    width, out_width = outer._channels_at_once(384, 1536, 2**24)
    assert (width, out_width) == (1, 4)


def test_logits_side_by_side_add_up():
    """Gradients of two logits are further channels of the signals."""
    inputs, first = drawn(GROUPED, 4, 2)
    second = drawn(GROUPED, 4, 3)[1]
    joined = np.asarray(joined_signals(GROUPED, np.stack([first, second], axis=1)))
    found = outer_tile(GROUPED, (inputs, joined), None)
    parts = [
        outer_tile(GROUPED, (inputs, each.astype(joined.dtype)), None) for each in (first, second)
    ]
    np.testing.assert_allclose(found, sum(parts), rtol=1e-5, atol=1e-3)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("layer", [WIDE, GROUPED], ids=["wide", "groups"])
def test_accelerators_get_the_same(layer, dtype, monkeypatch):
    """A few channels at a time, the last part of them padded."""
    assert is_pointwise(layer)
    monkeypatch.setattr(contraction, "SCRATCH_BYTES", 40_000)
    left, right = (
        tuple(jnp.asarray(part, dtype) for part in drawn(layer, rows, seed))
        for rows, seed in ((5, 0), (3, 1))
    )
    found = _layer_tile(layer, "outer", left, right)
    wanted = outer_tile(
        layer, *(tuple(np.asarray(x, np.float64) for x in side) for side in (left, right))
    )
    tolerance = 1e-5 if dtype == "float32" else 1e-2
    np.testing.assert_allclose(found, wanted, atol=tolerance * np.abs(wanted).max())
