"""Tiles of factored layers on the host, against gradients written out in float64."""

import itertools

import numpy as np
import pytest

from davinz_jax.ntk.engines.layerwise.contraction import _factor_tile
from davinz_jax.ntk.engines.layerwise.host import host_tile
from davinz_jax.ntk.engines.layerwise.layer import patches, window_meets
from tests.ntk.engines.layerwise.geometries import LAYERS, drawn, gradients


@pytest.mark.parametrize("form", ["pixels", "patches"])
@pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS)
def test_tile_is_the_product_of_gradients(layer, form, monkeypatch):
    """A few rows at a time, and all at once; with other rows, and with themselves."""
    left, right = drawn(layer, 5, 0), drawn(layer, 3, 1)
    rows, columns = gradients(layer, *left), gradients(layer, *right)

    def kept(pair):
        return (np.asarray(patches(layer, pair[0])) if form == "patches" else pair[0]), pair[1]

    for cached in (1, 2**23):
        monkeypatch.setattr("davinz_jax.ntk.engines.layerwise.host._SCRATCH_BYTES", cached)
        cross = host_tile(layer, form, kept(left), kept(right))
        np.testing.assert_allclose(cross, rows @ columns.T, rtol=1e-5, atol=1e-5)
        own = host_tile(layer, form, kept(left), None)
        np.testing.assert_allclose(own, rows @ rows.T, rtol=1e-5, atol=1e-5)
        np.testing.assert_array_equal(own, own.T)


@pytest.mark.parametrize("form", ["pixels", "patches"])
@pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS)
def test_accelerators_get_the_same(layer, form):
    """The tile that goes through XLA elsewhere, in float32."""
    inputs, signals = (x.astype(np.float32) for x in drawn(layer, 4, 2))
    if form == "patches":
        inputs = np.asarray(patches(layer, inputs))
    found = _factor_tile(((layer, form),), [(inputs, signals)], [(inputs, signals)])
    np.testing.assert_allclose(
        found, host_tile(layer, form, (inputs, signals), None), rtol=2e-4, atol=2e-4
    )


def test_meets_leave_out_what_is_padded():
    """Window 3, stride 2, one zero before: output 0 meets inputs 0, 1 at places 1, 2."""
    layer = LAYERS["one axis"]
    assert window_meets(layer, 0) == [
        (slice(1, 4), slice(1, 6, 2)),
        (slice(0, 4), slice(0, 7, 2)),
        (slice(0, 3), slice(1, 6, 2)),
    ]


def test_every_pair_is_met_once():
    """All offsets together: as many pairs of output and input as the window has over the image."""
    layer = LAYERS["same"]
    count = sum(
        (a.stop - a.start) * (b.stop - b.start)
        for (a, _), (b, _) in itertools.product(window_meets(layer, 0), window_meets(layer, 1))
    )
    assert count == 14**2  # along one axis 2 + 3 + 4 + 3 + 2
