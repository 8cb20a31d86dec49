"""Checks of finished data sets."""

from copy import copy
from dataclasses import replace

import numpy as np
import pytest

from davinz_jax.data import Dataset, Parties, Validation, validate
from davinz_jax.data.checks import require_numbers

GOOD = Dataset(
    np.zeros((4, 3), np.float32),
    np.array([0, 1, 1, 0]),
    "classification",
    2,
    Validation(np.zeros((2, 3), np.float32), np.array([1, 0])),
)


def change(record, **changes):
    """A copy with other fields, past what the tests' types would refuse."""
    changed = copy(record)
    for name, value in changes.items():
        object.__setattr__(changed, name, value)
    return changed


def judged_on(**changes):
    """The good validation set with some of it changed."""
    return {"validation": change(GOOD.validation, **changes)}


def bad_value(value):
    inputs = np.zeros((4, 3), np.float32)
    inputs[2, 1] = value
    return inputs


def test_numbers_whose_squares_overflow_are_refused():
    with pytest.raises(ValueError, match=r"inputs: wanted numbers of at most 1e\+30, got one of"):
        validate(change(GOOD, inputs=bad_value(-3e31)))


def test_rows_without_features_are_refused():
    none = np.zeros((4, 0), np.float32)
    data = change(GOOD, inputs=none, **judged_on(inputs=none[:2]))
    with pytest.raises(ValueError, match="inputs: wanted at least one number in a row"):
        validate(data)


def test_a_regression_on_one_number_is_refused():
    data = change(GOOD, task="regression", num_classes=1, targets=np.full(4, 2.5))
    with pytest.raises(ValueError, match="targets: wanted numbers that differ, got 2.5 in each"):
        validate(data)


def test_good_data_pass_unchanged(classes):
    assert validate(GOOD) is GOOD
    assert validate(classes).sha256() == classes.sha256()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"inputs": bad_value(np.nan)}, "inputs: wanted finite values, got NaN or infinity in 1 "
         "of 4 rows, first in row 2"),
        ({"inputs": bad_value(-np.inf), "feature_names": ("a", "b", "c")},
         "1 of 4 rows in b, first in row 2"),
        (judged_on(inputs=bad_value(np.inf)[2:]), "validation_inputs: wanted finite values"),
        ({"inputs": np.zeros((4, 3), np.int64)}, "inputs: wanted floats, got int64"),
        ({"inputs": np.zeros((4, 3, 3), np.float32)}, r"inputs: wanted shape \(n, d\) or"),
        ({"inputs": np.zeros((0, 3), np.float32)}, "inputs: wanted at least one row, got none"),
        (judged_on(inputs=np.zeros((0, 3), np.float32)), "validation set: wanted at least one row"),
        (judged_on(inputs=np.zeros((2, 5), np.float32)),
         r"validation_inputs: wanted rows of shape \(3,\) as in inputs, got \(5,\)"),
        ({"targets": np.array([0, 1, 1])}, "targets: wanted one target for each of 4 rows"),
        (judged_on(targets=np.array([0])), "validation_targets: wanted one target for each of 2"),
        ({"targets": np.array([0, 1, 2, 0])}, "targets: wanted labels in 0..1, got 0..2"),
        ({"targets": np.array([0, 1, -1, 0])}, "targets: wanted labels in 0..1, got -1..1"),
        (judged_on(targets=np.array([7, 0])),
         "validation_targets: wanted labels in 0..1, got 0..7"),
        ({"targets": np.array([0.0, 1, 1, 0])}, "targets: wanted integer classes, got float64"),
        ({"targets": np.ones(4, np.int64)}, "targets: wanted at least two classes, got only "
         "class 1"),
        ({"parties": Parties(np.zeros(3, np.int64), ("a",))}, "parties: wanted one party for each "
         "of 4 rows, got 3"),
    ],
)  # fmt: skip
def test_bad_data_are_refused_by_name(changes, message):
    with pytest.raises(ValueError, match=message):
        validate(change(GOOD, **changes))


def test_real_targets_must_be_finite(numbers):
    targets = numbers.targets.copy()
    targets[4] = np.nan
    with pytest.raises(ValueError, match="targets: wanted finite values, got NaN or infinity in 1"):
        validate(replace(numbers, targets=targets))


def test_ids_of_tokens_are_integers_and_no_numbers():
    ids = np.array([[1, 2]] * 4)
    tokens = replace(GOOD, inputs=ids, validation=Validation(ids[:1]), input_kind="tokens")
    assert validate(tokens) is tokens
    with pytest.raises(ValueError, match="inputs: wanted floats, got int64; .* input_kind='tokens"):
        validate(replace(tokens, input_kind="numbers"))
    with pytest.raises(ValueError, match="inputs: wanted integers as ids of tokens, got float32"):
        validate(replace(GOOD, input_kind="tokens"))
    with pytest.raises(ValueError, match="noise: wanted rows of numbers, got texts"):
        require_numbers(tokens, "noise")
    require_numbers(GOOD, "noise")
