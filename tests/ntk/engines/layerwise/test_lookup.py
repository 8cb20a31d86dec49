"""Tiles of lookups, against whole gradients of the table."""

import jax.numpy as jnp
import numpy as np

from davinz_jax.ntk.engines.layerwise.contraction import _factor_tile
from davinz_jax.ntk.engines.layerwise.layer import Layer, row_gradient
from davinz_jax.ntk.engines.layerwise.lookup import lookup_tile

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
    np.testing.assert_allclose(lookup_tile(TABLE, (a, b), (a2, b2)), left @ right.T)
    np.testing.assert_allclose(lookup_tile(TABLE, (a, b), None), left @ left.T)
    few, beside = [(a, b.astype(np.float32))], [(a2, b2.astype(np.float32))]
    found = _factor_tile(((TABLE, "pixels"),), few, beside)
    np.testing.assert_allclose(found, left @ right.T, rtol=1e-5, atol=1e-5)


def test_rows_that_look_nothing_up_have_no_gradient():
    nothing = np.full((3, 5, 1), -1), np.ones((3, 5, 2))
    indices, signals, _ = looked_up(4, 0)
    np.testing.assert_array_equal(lookup_tile(TABLE, nothing, None), np.zeros((3, 3)))
    found = lookup_tile(TABLE, nothing, (indices, signals))
    np.testing.assert_array_equal(found, np.zeros((3, 4)))


def test_half_precision_is_added_in_float32():
    """Eight bits hold 256 and 1 but not 257."""
    signals = jnp.ones((1, 257, 1), jnp.bfloat16)
    found = lookup_tile(TABLE, (np.zeros((1, 257, 1), np.int32), signals), None)
    assert found.dtype == np.float32
    assert found[0, 0] == 257**2


def test_gradient_of_a_lookup_adds_up_signals():
    indices, signals, wanted = looked_up(1, 2)
    found = row_gradient(TABLE, indices[0], signals)
    np.testing.assert_allclose(found, wanted[0], rtol=1e-5, atol=1e-6)
