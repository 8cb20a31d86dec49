"""What looks like a slip is told, and what does not is not."""

from dataclasses import replace

import numpy as np
import pytest

from davinz_jax.data import Dataset, Parties, Validation
from davinz_jax.data.remarks import extreme_columns, remarks, with_remarks


@pytest.fixture
def plain():
    inputs = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)
    return Dataset(
        inputs, np.arange(50) % 2, "classification", 2, Validation(inputs[:5]),
        feature_names=("age", "dose", "site"),
        parties=Parties(np.arange(50) % 3, ("a", "b", "c")), notes=("before",),
    )  # fmt: skip


def test_nothing_is_said_of_plain_data(plain):
    assert remarks(plain) == ()
    assert with_remarks(plain).notes == ("before",)


def test_one_extreme_value_is_told_by_column_and_row(plain):
    plain.inputs[7, 1] = 1e9
    (told,) = remarks(plain)
    assert "100 or fewer makes up the spread of dose (1e+09 in row 7, half of all within" in told
    assert "mend or drop such rows" in told
    assert with_remarks(plain).notes == ("before", told)
    (told,) = remarks(replace(plain, lines=np.arange(2, 52)))
    assert "1e+09 in line 9, " in told


def test_all_columns_are_told_in_one_remark(plain):
    plain.inputs[7, :2] = 1e9
    (told,) = remarks(plain)
    assert "of dose (" not in told
    assert "age (1e+09 in row 7" in told
    assert ", dose (1e+09 in row 7" in told


def test_an_extreme_value_of_the_validation_set_is_told(plain):
    inputs = plain.validation.inputs.copy()
    inputs[2, 0] = -1e7
    (told,) = remarks(replace(plain, validation=Validation(inputs)))
    assert "-1e+07 in validation row 2, " in told


def test_an_extreme_target_is_told(plain):
    targets = np.random.default_rng(1).normal(size=50)
    targets[3] = -1e6
    (told,) = remarks(replace(plain, task="regression", num_classes=1, targets=targets))
    assert "spread of targets (-1e+06 " in told


def test_heavy_tails_and_rare_ones_are_not_extreme():
    generator = np.random.default_rng(0)
    rare = (np.arange(400) == 0).astype(float)
    columns = [generator.lognormal(size=400), rare, generator.normal(size=400), np.ones(400)]
    assert extreme_columns(np.stack(columns, axis=1)) == []


def test_names_that_differ_in_blanks_and_case_are_told(plain):
    parties = Parties(np.arange(50) % 4, ("a", " a", "A ", "b"))
    (told,) = remarks(replace(plain, parties=parties))
    assert told == (
        "parties: 'a', ' a', 'A ' differ in blanks or case alone and are counted apart; rename "
        "them if they are one"
    )
    (told,) = remarks(replace(plain, class_names=("yes", "Yes")))
    assert told.startswith("classes: 'yes', 'Yes'")
