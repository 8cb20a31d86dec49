"""MMD in tiles, against the equations."""

import json
import warnings
from functools import partial

import jax
import numpy as np
import pytest

from davinz_jax import equations
from davinz_jax import mmd as module
from davinz_jax.mmd import (
    DegenerateBandwidthWarning,
    kernel_means,
    median_bandwidth,
    mmd,
    mmd_squared,
    rbf_matrix,
)


def equation(x, y, bandwidth):
    """Mean over bandwidths of the equation's kernel matrix, in float64."""
    with jax.enable_x64(True):
        each = [equations.rbf_kernel(x, y, bandwidth=float(s)) for s in np.atleast_1d(bandwidth)]
        return np.mean(each, axis=0)


@pytest.fixture
def samples():
    rng = np.random.default_rng(0)
    return rng.normal(size=(23, 4)), 0.5 + rng.normal(size=(9, 4))


def test_one_point_against_two_by_hand():
    """Points 0 vs {0, 1}, σ = 1: 1 + (2 + 2e^{-1/2})/4 − (1 + e^{-1/2}) = (1 − e^{-1/2})/2."""
    x, y = np.array([[0.0]]), np.array([[0.0], [1.0]])
    assert mmd_squared(x, y, bandwidth=1) == pytest.approx((1 - np.exp(-0.5)) / 2, rel=1e-14)
    assert mmd(x, y, bandwidth=1) == pytest.approx(np.sqrt((1 - np.exp(-0.5)) / 2), rel=1e-14)


def test_unbiased_two_against_two_by_hand():
    """Points {0, 1} vs {0, 1}, σ = 1: e + e − (1 + e) = e − 1 < 0, with e = e^{-1/2}."""
    x = np.array([[0.0], [1.0]])
    found = mmd_squared(x, x, bandwidth=1.0, biased=False)
    assert found == pytest.approx(np.exp(-0.5) - 1, rel=1e-14)


def test_equal_samples_have_none(samples):
    assert mmd_squared(samples[0], samples[0], bandwidth=2.0) == pytest.approx(0, abs=1e-15)


def test_order_of_rows_does_not_matter(samples):
    x, y = samples
    assert mmd(x[::-1], y, bandwidth=2.0) == pytest.approx(mmd(x, y, bandwidth=2.0), rel=1e-12)


@pytest.mark.parametrize("bandwidth", [1.5, (0.5, 1.0, 4.0)])
@pytest.mark.parametrize("tile", [4, 2048])
def test_tiles_equal_the_equation(samples, bandwidth, tile, monkeypatch):
    monkeypatch.setattr(module, "TILE", tile)
    x, y = samples
    own_x, own_y, cross = (equation(*p, bandwidth) for p in ((x, x), (y, y), (x, y)))
    expected = own_x.mean() + own_y.mean() - 2 * cross.mean()
    assert mmd_squared(x, y, bandwidth=bandwidth) == pytest.approx(expected, rel=1e-10)
    np.testing.assert_allclose(rbf_matrix(x, bandwidth=bandwidth), own_x, rtol=1e-12)
    groups, weights = np.arange(23) % 3, np.arange(23.0)
    means = kernel_means(x, y, groups, 3, bandwidth=bandwidth, weights=weights)
    marks = np.eye(3)[groups] * weights[:, None]
    np.testing.assert_allclose(means.within, marks.T @ own_x @ marks, rtol=1e-12)
    np.testing.assert_allclose(means.to_validation, marks.T @ cross.sum(1), rtol=1e-12)
    assert means.within_validation == pytest.approx(own_y.sum(), rel=1e-12)


@pytest.mark.parametrize("is_biased", [True, False])
def test_both_statistics_equal_the_equation(samples, is_biased):
    function = equations.mmd_squared if is_biased else equations.unbiased_mmd_squared
    with jax.enable_x64(True):
        wanted = float(function(*samples, bandwidth=1.5))
    found = mmd_squared(*samples, bandwidth=1.5, biased=is_biased)
    assert found == pytest.approx(wanted, rel=1e-11)


def test_kernel_means_give_the_mmd_of_every_coalition(samples):
    x, y = samples
    groups = np.arange(23) % 3
    means = kernel_means(x, y, groups, 3, bandwidth=2.0)
    members = np.array([[1, 0, 1], [0, 1, 0], [1, 1, 1]], bool)
    expected = [mmd_squared(x[mask[groups]], y, bandwidth=2.0) for mask in members]
    np.testing.assert_allclose(means.mmd_squared(members), expected, rtol=1e-10)
    empty = means.mmd_squared(np.zeros((1, 3), bool))
    np.testing.assert_allclose(empty, equation(y, y, 2.0).mean(), rtol=1e-12)


@pytest.mark.parametrize("index", [0, 1])
def test_reference_numbers(golden, index):
    case = json.loads((golden / "golden.json").read_text())[index]
    with np.load(golden / f"{case['model']}.npz") as arrays:
        x, y = arrays["inputs"], arrays["target_inputs"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DegenerateBandwidthWarning)
        assert mmd(x, y, bandwidth=5.0) == pytest.approx(case["mmd_biased_sigma5"], rel=1e-6)
        unbiased = mmd_squared(x, y, bandwidth=5.0, biased=False)
    assert unbiased == pytest.approx(case["mmd2_unbiased_sigma5"], rel=1e-6)


@pytest.mark.parametrize("index", [0, 1])
def test_equations_give_the_reference_numbers(golden, index):
    case = json.loads((golden / "golden.json").read_text())[index]
    with np.load(golden / f"{case['model']}.npz") as arrays:
        pair = (arrays[name].astype(float) for name in ("inputs", "target_inputs"))
        x, y = (each.reshape(len(each), -1) for each in pair)
    with jax.enable_x64(True):
        biased, unbiased = (
            float(jax.jit(partial(function, bandwidth=5.0))(x, y))
            for function in (equations.mmd_squared, equations.unbiased_mmd_squared)
        )
    assert np.sqrt(biased) == pytest.approx(case["mmd_biased_sigma5"], rel=1e-6)
    assert unbiased == pytest.approx(case["mmd2_unbiased_sigma5"], rel=1e-6)


def test_median_is_the_median_distance(key):
    """Points 0, 1, 3 have the distances 1, 2 and 3."""
    assert median_bandwidth(np.array([[0.0], [1.0], [3.0]]), key=key) == pytest.approx(2.0)


def test_median_of_equal_rows_is_refused(key):
    with pytest.raises(ValueError, match="wanted rows that differ"):
        median_bandwidth(np.ones((5, 2)), key=key)


@pytest.mark.parametrize(("bandwidth", "side"), [(1e-3, "0"), (1e6, "1")])
def test_degenerate_bandwidth_warns(samples, bandwidth, side):
    with pytest.warns(DegenerateBandwidthWarning, match=f"within 1e-6 of {side}.*median"):
        mmd(*samples, bandwidth=bandwidth)


@pytest.mark.parametrize("bandwidth", [0, -1.0, np.nan, (1.0, -2.0), ()])
def test_bad_bandwidth_is_refused(samples, bandwidth):
    with pytest.raises(ValueError, match="bandwidth: wanted finite numbers > 0"):
        mmd(*samples, bandwidth=bandwidth)


def test_bad_validation_rows_are_refused(samples):
    x, y = samples
    with pytest.raises(ValueError, match="at least one validation row"):
        kernel_means(x, y[:0], np.zeros(23, int), 1, bandwidth=1.0)
    with pytest.raises(ValueError, match=r"validation_inputs: wanted rows of shape \(4,\)"):
        kernel_means(x, y[:, :2], np.zeros(23, int), 1, bandwidth=1.0)
    with pytest.raises(ValueError, match="inputs: wanted finite"):
        kernel_means(x * np.nan, y, np.zeros(23, int), 1, bandwidth=1.0)


def test_unbiased_needs_two_rows(samples):
    with pytest.raises(ValueError, match="two rows or more"):
        mmd_squared(samples[0], samples[1][:1], bandwidth=1.0, biased=False)


def test_float32_inputs_and_images_are_flattened(key):
    images = np.asarray(jax.random.uniform(key, (6, 3, 3, 2)))
    flat = images.reshape(6, -1)
    found = mmd(images[:4], images[4:], bandwidth=1.0)
    assert found == pytest.approx(mmd(flat[:4], flat[4:], bandwidth=1.0), rel=1e-12)


def test_progress_is_told(samples):
    told = []
    kernel_means(
        *samples,
        np.zeros(23, int),
        1,
        bandwidth=1.0,
        progress=lambda done, total, stage: told.append((done, total, stage)),
    )
    assert (1, 1, "kernel within data") in told
