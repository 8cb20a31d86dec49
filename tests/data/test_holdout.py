"""Held-out validation sets."""

import numpy as np
import pytest

from davinz_jax.data.holdout import hold_out


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
