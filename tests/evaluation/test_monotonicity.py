"""Monotonicity of a sequence."""

import numpy as np
import pytest

from davinz_jax.evaluation import monotonicity


def test_by_hand():
    rising, falling = monotonicity(np.arange(5)), monotonicity(-np.arange(5.0))
    assert (rising.spearman, rising.num_inversions, rising.num_pairs) == pytest.approx((1, 0, 10))
    assert (falling.spearman, falling.num_inversions) == pytest.approx((-1, 10))


def test_ties_are_no_inversions():
    found = monotonicity(np.array([1.0, 1.0, 0.0]))
    assert found.num_inversions == 2
    assert np.isnan(monotonicity(np.ones(3)).spearman)
