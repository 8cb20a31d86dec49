"""Tiles of factored layers on the host, against gradients written out in float64."""

import itertools

import numpy as np
import pytest

from davinz_jax.ntk.engines.layerwise.contraction import _factor_tile
from davinz_jax.ntk.engines.layerwise.host import host_tile
from davinz_jax.ntk.engines.layerwise.layer import Layer, patches, row_gradient, window_meets

LAYERS = {
    "dense": Layer("d", (1,), (1,), 6, 4, (1,), (1,), ((0, 0),), (1,), 1),
    "dense at positions": Layer("d", (5,), (5,), 3, 2, (1,), (1,), ((0, 0),), (1,), 1),
    "same": Layer("c", (4, 4), (4, 4), 3, 2, (5, 5), (1, 1), ((2, 2), (2, 2)), (1, 1), 1),
    "strides": Layer("c", (5, 4), (3, 2), 2, 3, (3, 2), (2, 2), ((1, 1), (0, 0)), (1, 1), 1),
    "dilation, groups": Layer(
        "c", (6, 5), (4, 3), 4, 6, (2, 2), (1, 1), ((1, 0), (0, 1)), (3, 3), 2
    ),
    "one axis": Layer("c", (7,), (4,), 2, 2, (3,), (2,), ((1, 1),), (1,), 1),
    "window past the image": Layer("c", (2,), (2,), 2, 2, (5,), (1,), ((2, 2),), (1,), 1),
}


def drawn(layer: Layer, num_rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    inputs = generator.normal(size=(num_rows, layer.positions_in, layer.channels_in))
    return inputs, generator.normal(size=(num_rows, layer.positions, layer.channels_out))


def gradients(layer: Layer, inputs: np.ndarray, signals: np.ndarray) -> np.ndarray:
    """∂/∂kernel = Σ_t u_t ⊗ b_t with every patch u_t gathered pixel by pixel."""
    num_rows, groups = len(inputs), layer.groups
    image = inputs.reshape(num_rows, *layer.space_in, groups, -1)
    b = signals.reshape(num_rows, *layer.space_out, groups, -1)
    kernel = np.zeros((num_rows, *layer.window, groups, image.shape[-1], b.shape[-1]))
    for out in np.ndindex(*layer.space_out):
        for place in np.ndindex(*layer.window):
            at = tuple(
                o * stride + p * dilation - before
                for o, p, stride, dilation, (before, _) in zip(
                    out, place, layer.strides, layer.dilation, layer.padding, strict=True
                )
            )
            if all(0 <= x < size for x, size in zip(at, layer.space_in, strict=True)):
                whole = slice(None)
                kernel[(whole, *place)] += np.einsum(
                    "ngc,ngo->ngco", image[(whole, *at)], b[(whole, *out)]
                )
    return kernel.reshape(num_rows, -1)


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


TABLE = Layer("t", (5,), (5,), 1, 2, (1,), (1,), ((0, 0),), (1,), 1, table=4)


def looked_up(num_rows: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Indices of rows of a table of 4 and signals, -1 for none; and the table's whole gradients."""
    generator = np.random.default_rng(seed)
    indices = generator.integers(-1, 4, (num_rows, 5, 1))
    signals = generator.normal(size=(num_rows, 5, 2))
    one_hot = np.eye(5)[indices[..., 0]][..., :4]
    return indices, signals, np.einsum("ntv,nto->nvo", one_hot, signals).reshape(num_rows, -1)


def test_tile_of_a_lookup_is_the_product_of_gradients():
    """Five indices a row, of which some are repeated and some, -1, look nothing up."""
    (a, b, left), (a2, b2, right) = looked_up(5, 0), looked_up(3, 1)
    np.testing.assert_allclose(host_tile(TABLE, "pixels", (a, b), (a2, b2)), left @ right.T)
    np.testing.assert_allclose(host_tile(TABLE, "pixels", (a, b), None), left @ left.T)
    few, beside = [(a, b.astype(np.float32))], [(a2, b2.astype(np.float32))]
    found = _factor_tile(((TABLE, "pixels"),), few, beside)
    np.testing.assert_allclose(found, left @ right.T, rtol=1e-5, atol=1e-5)


def test_gradient_of_a_lookup_adds_up_signals():
    indices, signals, wanted = looked_up(1, 2)
    found = row_gradient(TABLE, indices[0], signals)
    np.testing.assert_allclose(found, wanted[0], rtol=1e-5, atol=1e-6)
