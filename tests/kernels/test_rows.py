"""Kernels of rows in tiles, against differences in NumPy float64."""

import numpy as np
import pytest

from davinz_jax.kernels import RBF, Laplace, Linear, fit_bandwidth, gram, gram_diagonal
from davinz_jax.kernels import rows as module


def distances(x, y):
    x, y = (each.reshape(len(each), -1).astype(np.float64) for each in (x, y))
    return np.sqrt(((x[:, None] - y[None]) ** 2).sum(-1))


TWINS = {
    "rbf": (RBF(1.5), lambda x, y: np.exp(-(distances(x, y) ** 2) / 4.5)),
    "laplace": (Laplace(1.5), lambda x, y: np.exp(-distances(x, y) / 1.5)),
    "linear": (Linear(), lambda x, y: x.reshape(len(x), -1) @ y.reshape(len(y), -1).T),
    "own": (
        lambda x, y: (1 + np.einsum("aij,bij->ab", x, y)) ** 2,
        lambda x, y: (1 + x.reshape(len(x), -1) @ y.reshape(len(y), -1).T) ** 2,
    ),
}


@pytest.fixture
def samples():
    rng = np.random.default_rng(0)
    return rng.normal(size=(11, 2, 3)), rng.normal(size=(7, 2, 3))


def test_two_rows_by_hand():
    """Rows (0, 0) and (3, 4) are 5 apart; σ = 5: exp(−25/50) and exp(−5/5)."""
    rows = np.array([[0.0, 0.0], [3.0, 4.0]])
    assert gram(RBF(5), rows)[0, 1] == pytest.approx(np.exp(-0.5), rel=1e-14)
    assert gram(Laplace(5), rows)[0, 1] == pytest.approx(np.exp(-1), rel=1e-14)
    assert gram(Linear(), rows).tolist() == [[0, 0], [0, 25]]


@pytest.mark.parametrize("name", TWINS)
@pytest.mark.parametrize("tile", [4, 2048])
def test_tiles_equal_the_whole(samples, name, tile, monkeypatch):
    monkeypatch.setattr(module, "TILE", tile)
    monkeypatch.setattr(module, "DIAGONAL_TILE", 4)
    function, twin = TWINS[name]
    x, y = samples
    np.testing.assert_allclose(gram(function, x, y), twin(x, y), rtol=1e-12, atol=1e-14)
    own = gram(function, x)
    np.testing.assert_allclose(own, twin(x, x), rtol=1e-12, atol=1e-14)
    np.testing.assert_array_equal(own, own.T)
    np.testing.assert_allclose(gram_diagonal(function, x), np.diag(own), rtol=1e-12)


@pytest.mark.parametrize("name", TWINS)
def test_kernels_are_positive_semidefinite(samples, name):
    values = np.linalg.eigvalsh(gram(TWINS[name][0], samples[0]))
    assert values[0] > -1e-12 * values[-1]


def test_float32_rows_are_computed_in_float64(samples):
    x = samples[0].astype(np.float32)
    found = gram(RBF(1.5), x)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, TWINS["rbf"][1](x, x), rtol=1e-12)


def test_the_median_is_that_of_all_pairs(samples):
    x = samples[0]
    fitted = fit_bandwidth(Laplace(), x, key=None)
    assert isinstance(fitted, Laplace)
    median = np.median(distances(x, x)[np.triu_indices(11, 1)])
    assert fitted.bandwidth == pytest.approx(median, rel=1e-12)
    assert fit_bandwidth(RBF(2), x, key=None) == RBF(2)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (RBF(0), "bandwidth: wanted a finite number > 0, got 0"),
        (RBF(), "bandwidth: wanted a number > 0, got 'median'"),
        (lambda x, y: np.ones(3), r"function: wanted a kernel of shape \(11, 11\)"),
        (lambda x, y: np.full((len(x), len(y)), np.nan), "function: wanted finite numbers"),
    ],
)
def test_what_is_no_kernel_is_refused(samples, function, message):
    with pytest.raises(ValueError, match=message):
        gram(function, samples[0])


def test_rows_that_are_all_equal_have_no_median():
    with pytest.raises(ValueError, match="median distance of 0"):
        fit_bandwidth(RBF(), np.ones((5, 2)), key=None)
