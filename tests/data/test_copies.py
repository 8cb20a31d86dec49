"""Rows that a party holds several times."""

import numpy as np
import pandas as pd
import pytest

from davinz_jax.data import Dataset, Parties, Validation, leave_copies_out, load_table
from davinz_jax.data.copies import copying_parties, rows_that_count
from davinz_jax.data.holdout import hold_out, identical_rows

INPUTS = np.array([1, 1, 2, 1, 1, 3], np.float32)[:, None]
TARGETS = np.array([0, 0, 1, 1, 0, 1])
OWNERS = np.array([0, 0, 0, 0, 1, 1])


def made(inputs=INPUTS, targets=TARGETS, notes=(), validation=None):
    validation = Validation(inputs, targets) if validation is None else validation
    return Dataset(inputs, targets, "classification", 2, validation, notes=notes)


@pytest.fixture
def parties():
    return Parties(OWNERS, ("a", "b"))


def test_the_first_of_a_party_s_equal_rows_stays(parties):
    """Row 1 repeats row 0; row 3 has another target, and row 4 is of another party."""
    kept = leave_copies_out(made(), parties, copies="once")
    np.testing.assert_array_equal(kept.dataset.inputs[:, 0], [1, 2, 1, 1, 3])
    np.testing.assert_array_equal(kept.dataset.targets, [0, 1, 1, 0, 1])
    assert kept.parties.sizes.tolist() == [3, 2]
    assert kept.stands_for.tolist() == [0, 0, 2, 3, 4, 5]
    assert kept.places.tolist() == [0, 0, 1, 2, 3, 4]
    (note,) = kept.dataset.notes
    assert "1 of 4 of a are left out; copies=each" in note


def test_each_leaves_rows_as_they_are(parties):
    kept = leave_copies_out(made(), parties, copies="each")
    assert kept.dataset.inputs is not None
    assert len(kept.dataset) == 6
    assert kept.dataset.notes == ()


def test_first_of_equal_rows_by_hand():
    rng = np.random.default_rng(0)
    inputs = rng.integers(3, size=(60, 2)).astype(np.float32)
    targets, owners = rng.integers(2, size=60), rng.integers(3, size=60)
    found = rows_that_count(inputs, targets, owners, "once")
    same = [
        next(
            j for j in range(60)
            if (inputs[i] == inputs[j]).all() and (targets[i], owners[i]) == (targets[j], owners[j])
        )
        for i in range(60)
    ]  # fmt: skip
    assert found.tolist() == same


def test_rows_that_were_held_out_judge_once_too(parties, key):
    note = hold_out(10, fraction=0.2, key=key)[2]
    validation = Validation(INPUTS[[0, 1, 2]], TARGETS[[0, 1, 2]])
    kept = leave_copies_out(made(notes=(note,), validation=validation), parties, copies="once")
    assert kept.dataset.validation.inputs[:, 0].tolist() == [1, 2]
    own = leave_copies_out(made(validation=validation), parties, copies="once")
    assert len(own.dataset.validation) == 3


def draw(*, distinct):
    """Three parties of 60 rows; rows take so many values, or are all different."""
    rng = np.random.default_rng(1)
    inputs = rng.normal(size=(180, 3)).astype(np.float32)
    if distinct:
        inputs = inputs[rng.integers(distinct, size=180)]
    return inputs, rng.integers(2, size=180), np.repeat([0, 1, 2], 60)


@pytest.mark.parametrize("distinct", [None, 1, 14, 100])
def test_where_all_rows_recur_none_is_a_copy(distinct):
    inputs, targets, owners = draw(distinct=distinct)
    assert not copying_parties(identical_rows(inputs), targets, owners).any()
    assert rows_that_count(inputs, targets, owners, "auto").tolist() == [*range(180)]


@pytest.mark.parametrize("times", [2, 3, 10])
def test_a_party_that_repeats_its_rows_is_found(times):
    inputs, targets, owners = draw(distinct=None)
    rows = np.concatenate([np.arange(180), *[np.arange(30)] * (times - 1)])
    inputs, targets, owners = inputs[rows], targets[rows], owners[rows]
    found = copying_parties(identical_rows(inputs), targets, owners)
    assert found.tolist() == [True, False, False]
    stands_for = rows_that_count(inputs, targets, owners, "auto")
    assert stands_for[180:].tolist() == [*range(30)] * (times - 1)


def test_single_rows_are_players_as_they_are():
    inputs, targets, _ = draw(distinct=14)
    rows = np.arange(180)
    assert rows_that_count(inputs, targets, rows, "auto").tolist() == rows.tolist()


def test_people_of_the_titanic_are_no_copies(real_data):
    """14 distinct inputs: that rows recur is what they say."""
    path = real_data / "tables" / "titanic.csv.gz"
    if not path.is_file():
        pytest.skip("no tables beside the data")
    target = pd.read_csv(path, nrows=1).columns[-1]
    data = load_table(path, target=target, holdout="none")
    owners = np.random.default_rng(0).integers(5, size=len(data))
    assert not copying_parties(identical_rows(data.inputs), data.targets, owners).any()
