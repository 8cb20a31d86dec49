"""Rows held out in turn."""

from dataclasses import replace

import jax
import numpy as np
import pytest

from davinz_jax.data import Dataset, Parties, Validation, cross_fit
from davinz_jax.data.folds import draw_folds
from davinz_jax.data.holdout import NO_HOLDOUT


def dataset(num=60, copies=1):
    inputs = np.repeat(np.random.default_rng(0).normal(size=(num // copies, 2)), copies, 0)
    targets = np.arange(num) % 3
    return Dataset(
        inputs, targets, "classification", 3, Validation(inputs), notes=(NO_HOLDOUT, "x")
    )


def test_folds_are_even_in_size_and_in_classes(key):
    data = cross_fit(dataset(), num_folds=4, key=key)
    counts = np.zeros((4, 3))
    np.add.at(counts, (data.folds, data.targets), 1)
    assert (counts == 5).all()


def test_identical_rows_share_a_fold(key):
    data = cross_fit(dataset(copies=3), key=key)
    assert (np.ptp(data.folds.reshape(-1, 3), axis=1) == 0).all()
    assert len(np.unique(data.folds)) == 5


def test_rows_are_their_own_validation_set(key):
    data = cross_fit(dataset(), key=key)
    np.testing.assert_array_equal(data.validation.inputs, data.inputs)
    np.testing.assert_array_equal(data.validation.targets, data.targets)
    assert data.notes == (
        "validation set: the 60 rows themselves, each held out in one of 5 folds and judged by "
        "the others",
        "x",
    )
    taken = data.take(np.array([7, 3]))
    np.testing.assert_array_equal(taken.folds, data.folds[[7, 3]])
    np.testing.assert_array_equal(taken.validation.targets, data.targets[[7, 3]])
    assert data.sha256() != replace(data, folds=(data.folds + 1) % 5).sha256()


def test_the_key_draws_them():
    first, second = (cross_fit(dataset(), key=jax.random.key(k)).folds for k in (0, 1))
    assert (first != second).any()
    assert Parties(first, tuple("abcde")).sizes.tolist() == [12] * 5


def test_fewer_rows_than_folds_make_fewer_folds(key):
    assert sorted(cross_fit(dataset(6, copies=2), key=key).folds) == [0, 0, 1, 1, 2, 2]


def test_too_few_rows_that_differ_are_refused(key):
    with pytest.raises(ValueError, match=r"num_folds: wanted 2\.\.3 folds .* got 4"):
        draw_folds(np.array([0, 1, 1, 2]), np.zeros(4), 4, key=key)
