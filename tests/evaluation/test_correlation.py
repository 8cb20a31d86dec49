"""Correlations and their intervals."""

import numpy as np
import pytest

from davinz_jax.evaluation import (
    bootstrap_items,
    kendall,
    mean_interval,
    pearson,
    spearman,
)

X = np.array([1.0, 2.0, 3.0, 4.0])


def test_by_hand():
    """Y = 1, 3, 2, 10: one of six pairs is inverted, τ = 4/6; ranks 1 3 2 4, ρ = 1 - 6·2/60."""
    y = np.array([1.0, 3.0, 2.0, 10.0])
    assert kendall(X, y) == pytest.approx(4 / 6)
    assert spearman(X, y) == pytest.approx(0.8)
    assert pearson(X, 3 - 2 * X) == pytest.approx(-1)


@pytest.mark.parametrize("statistic", [pearson, spearman, kendall])
def test_constants_have_no_correlation(statistic):
    assert np.isnan(statistic(X, np.ones(4)))
    assert np.isnan(statistic(X[:1], X[:1]))
    with pytest.raises(ValueError, match="y: wanted one number for each of 4 items, got 3"):
        statistic(X, X[:3])


class TestBootstrap:
    def test_interval_covers_the_truth(self, key):
        draw = np.random.default_rng(0)
        x = draw.normal(size=200)
        y = 0.6 * x + 0.8 * draw.normal(size=200)
        found = bootstrap_items(pearson, x, y, key=key, num_resamples=300)
        assert found.value == pytest.approx(pearson(x, y))
        assert found.low < 0.6 < found.high
        assert 0.1 < found.high - found.low < 0.3  # about 4 (1 - 0.36)/√200 = 0.18
        assert found == bootstrap_items(pearson, x, y, key=key, num_resamples=300)

    def test_resamples_without_a_value_are_left_out(self, key):
        found = bootstrap_items(spearman, X[:2], X[:2], key=key, num_resamples=20)
        assert (found.value, found.low, found.high) == pytest.approx((1, 1, 1))
        assert np.isnan(bootstrap_items(pearson, X, np.ones(4), key=key, num_resamples=5).low)


def test_mean_interval_by_hand():
    """1, 2, 3: mean 2, standard error 1/√3, Student's 0.975 quantile with 2 degrees 4.3027."""
    found = mean_interval(np.array([1.0, 2.0, 3.0]))
    half = 4.302653 / np.sqrt(3)
    assert (found.value, found.low, found.high) == pytest.approx((2, 2 - half, 2 + half))
    assert np.isnan(mean_interval(np.array([1.0])).high)
