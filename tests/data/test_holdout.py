"""Held-out validation sets."""

import numpy as np
import pytest

from davinz_jax.data.holdout import hold_out, identical_rows


def test_rows_are_split_without_loss(key):
    kept, held, note = hold_out(50, fraction=0.2, key=key, source="x.csv")
    assert len(held) == 10
    np.testing.assert_array_equal(np.sort(np.concatenate([kept, held])), np.arange(50))
    assert np.all(np.diff(kept) > 0)
    assert np.all(np.diff(held) > 0)
    assert note == "validation set: 10 of 50 rows held out at random, for there is none in x.csv"


@pytest.mark.parametrize("fraction", [0.001, 0.999])
def test_at_least_one_row_on_either_side(key, fraction):
    kept, held, _ = hold_out(4, fraction=fraction, key=key)
    assert min(len(kept), len(held)) == 1


def test_every_party_keeps_a_row(key):
    parties = np.array(["a"] * 5 + ["b", "c"])
    kept, held, _ = hold_out(7, fraction=0.9, parties=parties, key=key)
    assert set(parties[kept]) == {"a", "b", "c"}
    assert len(held) == 4


@pytest.mark.parametrize("fraction", [None, 0, 1, -0.1, float("nan")])
def test_without_a_fraction_the_missing_validation_set_is_named(key, fraction):
    with pytest.raises(
        ValueError, match="validation set: wanted one in x.csv, or a holdout fraction"
    ):
        hold_out(10, fraction=fraction, key=key, source="x.csv")


def test_nothing_to_spare_is_refused(key):
    with pytest.raises(ValueError, match="holdout: wanted more rows than parties, got 2 in all"):
        hold_out(2, fraction=0.5, parties=np.array(["a", "b"]), key=key)


def test_a_key_is_needed():
    with pytest.raises(
        ValueError, match="key: wanted a random key for the held-out validation set"
    ):
        hold_out(10, fraction=0.5, key=None)


def test_none_holds_no_row_out():
    kept, held, note = hold_out(5, fraction="none", key=None)
    assert kept.tolist() == held.tolist() == list(range(5))
    assert note == "validation set: none, no row is held out"


def test_identical_rows_fall_on_one_side(key):
    """Ten rows four times each: a fifth of 40 is two whole groups, whatever the parties."""
    groups, parties = np.tile(np.arange(10), 4), np.repeat(["a", "b"], 20)
    kept, held, _ = hold_out(40, fraction=0.2, parties=parties, key=key, groups=groups)
    assert not set(groups[kept]) & set(groups[held])
    assert len(held) == 8


def test_groups_of_one_row_change_nothing(key):
    plain = hold_out(30, fraction=0.3, key=key)
    grouped = hold_out(30, fraction=0.3, key=key, groups=np.arange(30))
    np.testing.assert_array_equal(plain[1], grouped[1])


def test_identical_rows_have_one_number():
    rows = np.array([[[0.0], [1.0]], [[-0.0], [1.0]], [[2.0], [1.0]], [[0.0], [1.0]]])
    assert identical_rows(rows).tolist() == [0, 0, 1, 0]
