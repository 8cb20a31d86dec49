"""Rows that are kept: all but those which the others contradict."""

import numpy as np
import pytest

from davinz_jax import Dataset
from davinz_jax.data import Validation
from davinz_jax.detection import cut_two_means, label_margins
from davinz_jax.estimator.doubts import judge, raw_kernel

INPUTS = np.linspace(-1, 1, 30)[:, None]
LABELS = (INPUTS[:, 0] > 0).astype(np.int64)
WRONG = np.isin(np.arange(30), [4, 22])


def dataset(targets, task="classification", num_classes=2):
    return Dataset(INPUTS, targets, task, num_classes, Validation(INPUTS, targets))


def test_two_wrong_labels_are_dropped(key):
    data = dataset(np.where(WRONG, 1 - LABELS, LABELS))
    kept = judge(data, None, "auto", key=key)
    np.testing.assert_array_equal(~kept.keep, WRONG)
    check = label_margins(raw_kernel(data, key=key), data.targets)
    np.testing.assert_array_equal(kept.margins, check.margin)
    np.testing.assert_array_equal(~kept.keep, cut_two_means(check.cost).dropped)


def test_a_known_share(key):
    kept = judge(dataset(np.where(WRONG, 1 - LABELS, LABELS)), None, 0.1, key=key)
    assert (~kept.keep).sum() == 3
    assert WRONG[~kept.keep].sum() == 2


def test_wrong_numbers_are_dropped(key):
    noise = np.random.default_rng(0).normal(scale=0.01, size=30)
    numbers = INPUTS[:, 0] + noise + 3.0 * WRONG
    kept = judge(dataset(numbers, "regression", 1), None, "auto", key=key)
    assert not kept.keep[WRONG].any()


def test_where_none_stands_out_all_are_kept(key):
    """A cut that would leave one class keeps all."""
    lonely = np.where(np.arange(30) == 14, 0, 1)
    with pytest.warns(UserWarning, match="keep_: all rows are kept"):
        kept = judge(dataset(lonely), None, "auto", key=key)
    assert kept.keep.all()
