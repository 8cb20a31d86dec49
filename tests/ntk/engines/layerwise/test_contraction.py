"""Tiles of features are inner products of gradients, on the host and on a device."""

import jax.numpy as jnp
import numpy as np
import pytest

from davinz_jax.ntk.engines.layerwise import contraction
from davinz_jax.ntk.engines.layerwise.contraction import _layer_tile, contract_features
from davinz_jax.ntk.engines.layerwise.gradients import Features
from davinz_jax.ntk.engines.layerwise.layer import Layer
from davinz_jax.ntk.engines.layerwise.survey import Survey

ONE = (1,)
DENSE = Layer("d", (2,), (2,), 3, 4, ONE, ONE, ((0, 0),), ONE, 1)
SURVEY = Survey((DENSE,), ("pixels",), ("scale",), 5, 1)


def draw(num_rows, seed):
    """Features of rows: five numbers of a gradient, and one layer of two positions in factors."""
    rng = np.random.default_rng(seed)
    gradients, inputs, signals = (
        rng.normal(size=(num_rows, *shape)).astype(np.float32) for shape in ((5,), (2, 3), (2, 4))
    )
    return Features(gradients, (inputs,), (signals,))


def flat(features):
    """The whole gradients: Σ_t u_t ⊗ b_t beside what is kept as a gradient."""
    layer = np.einsum("nta,nto->nao", features.inputs[0], features.signals[0])
    return np.concatenate([features.gradients, layer.reshape(len(layer), -1)], axis=1)


@pytest.mark.parametrize("backend", ["cpu", "gpu"], ids=["host", "device"])
def test_tile_is_the_product_of_whole_gradients(backend, monkeypatch):
    monkeypatch.setattr("jax.default_backend", lambda: backend)
    left, right = draw(5, 0), draw(3, 1)
    cross = contract_features(SURVEY, left, right)
    np.testing.assert_allclose(cross, flat(left) @ flat(right).T, rtol=1e-4, atol=1e-5)
    own = contract_features(SURVEY, left, None)
    np.testing.assert_allclose(own, flat(left) @ flat(left).T, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("form", ["pixels", "patches"])
@pytest.mark.parametrize("step", [1, 2, 4, 5])
def test_any_number_of_rows_at_a_time_gives_the_same(step, form, monkeypatch):
    """Rows of 2 · 3 · 2² float32 numbers: steps of 1, 2, 4 and all of 5 rows."""
    left, right = draw(5, 0), draw(3, 1)
    factors, others = ((f.inputs[0], f.signals[0]) for f in (left, right))
    if form == "patches":
        factors, others = ((a[:, :, None], b) for a, b in (factors, others))
    whole = _layer_tile(DENSE, form, factors, others)
    monkeypatch.setattr(contraction, "SCRATCH_BYTES", step * 2 * 3 * 2**2 * 4)
    np.testing.assert_allclose(_layer_tile(DENSE, form, factors, others), whole, rtol=1e-6)


def test_products_of_half_precision_are_added_in_float32():
    """Eight bits hold 256 and 1 but not 257."""
    gradients = jnp.ones((1, 257), jnp.bfloat16)
    tile = contract_features(Survey((), (), ("scale",), 257, 1), Features(gradients, (), ()), None)
    assert tile.dtype == np.float32
    assert tile[0, 0] == 257
