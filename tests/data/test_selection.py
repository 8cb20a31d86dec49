"""Rows in use of a source."""

import inspect
from dataclasses import replace

import jax
import numpy as np
import pytest

from davinz_jax.data import Parties, Validation
from davinz_jax.data.selection import select_dataset, select_rows

LABELS = np.array([0, 0, 0, 1, 1, 2, 2, 2])


def test_all_rows_unless_a_number_is_given():
    np.testing.assert_array_equal(select_rows(LABELS, None), np.arange(8))


def test_first_rows():
    np.testing.assert_array_equal(select_rows(LABELS, 3), [0, 1, 2])


def test_balanced_takes_the_first_rows_of_each_class_and_the_odd_one_from_the_first_class():
    np.testing.assert_array_equal(select_rows(LABELS, 6, select="balanced"), [0, 1, 3, 4, 5, 6])
    np.testing.assert_array_equal(select_rows(LABELS, 4, select="balanced"), [0, 1, 3, 5])


def test_random_rows_are_distinct_in_order_and_reproducible(key):
    rows = select_rows(LABELS, 5, select="random", key=key)
    assert len(set(rows.tolist())) == 5
    assert np.all(np.diff(rows) > 0)
    np.testing.assert_array_equal(rows, select_rows(LABELS, 5, select="random", key=key))


@pytest.mark.parametrize("num", [0, 9])
def test_more_rows_than_there_are_is_refused(num):
    with pytest.raises(ValueError, match=rf"num_validation_rows: wanted 1..8 rows, got {num}"):
        select_rows(LABELS, num, argument="num_validation_rows")


def test_class_too_small_for_balance_is_named():
    with pytest.raises(ValueError, match="wanted 3 rows of class 1 for a balanced choice, got 2"):
        select_rows(LABELS, 8, select="balanced")


def test_real_targets_cannot_be_balanced():
    with pytest.raises(ValueError, match="select: wanted classes for balanced, got real targets"):
        select_rows(np.linspace(0, 1, 8), 4, select="balanced")


def test_misspelt_choice_is_refused():
    with pytest.raises(
        ValueError, match="select: wanted one of .* got 'balance'; did you mean 'bal"
    ):
        inspect.unwrap(select_rows)(LABELS, 4, select="balance")


def test_rows_of_a_data_set_and_its_validation_set(classes):
    owned = replace(classes, parties=Parties.from_names(list("abcabcabcabc")))
    used = select_dataset(owned, 2, 1, select="first", keys=(None, None))
    np.testing.assert_array_equal(used.inputs[:, 0], [0, 1])
    np.testing.assert_array_equal(used.validation.inputs, classes.validation.inputs[:1])
    assert used.parties is not None
    assert used.parties.names == ("a", "b")


def test_all_rows_are_taken_without_a_copy(classes):
    used = select_dataset(classes, None, None, select="random", keys=(None, None))
    assert used.inputs is classes.inputs
    assert used.validation.inputs is classes.validation.inputs


def test_random_rows_and_validation_rows_are_draws_of_their_own(classes, key):
    first, second = jax.random.split(key)
    served = replace(classes, validation=Validation(classes.inputs, classes.targets))
    used = select_dataset(served, 5, 5, select="random", keys=(first, second))
    rows = select_rows(classes.targets, 5, select="random", key=first)
    np.testing.assert_array_equal(used.inputs[:, 0], rows)
    again = select_dataset(served, None, 5, select="random", keys=(None, second))
    np.testing.assert_array_equal(used.validation.inputs, again.validation.inputs)
    assert not np.array_equal(used.inputs, used.validation.inputs)


def test_validation_rows_without_targets_cannot_be_balanced(classes):
    unlabelled = replace(classes, validation=Validation(classes.validation.inputs))
    with pytest.raises(ValueError, match="wanted classes for balanced, got real targets"):
        select_dataset(unlabelled, None, 1, select="balanced", keys=(None, None))
