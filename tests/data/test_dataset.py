"""Parties and data sets: sizes, rows taken, hashes."""

from dataclasses import replace

import numpy as np
import pytest

from davinz_jax.data import Parties
from davinz_jax.data.dataset import Validation


def test_parties_from_names_are_sorted_and_counted():
    parties = Parties.from_names(["b", "a", "b"])
    assert parties.names == ("a", "b")
    np.testing.assert_array_equal(parties.indices, [1, 0, 1])
    np.testing.assert_array_equal(parties.sizes, [1, 2])


def test_parties_of_one_row_each_know_their_rows():
    """Party c of row 0, a of row 1, b of row 2."""
    parties = Parties(np.array([2, 0, 1]), ("a", "b", "c"))
    assert parties.rows is not None
    np.testing.assert_array_equal(parties.rows, [1, 2, 0])
    assert Parties(np.array([0, 0, 1]), ("a", "b")).rows is None


def test_party_without_rows_is_refused_by_name():
    with pytest.raises(ValueError, match="at least one row each, got none for clinic"):
        Parties(np.array([0, 0]), ("office", "clinic"))


def test_party_index_out_of_range_is_refused():
    with pytest.raises(ValueError, match=r"wanted party indices in 0..0, got 0..1"):
        Parties(np.array([0, 1]), ("office",))


def test_take_repeats_rows_and_drops_parties_left_without_any(classes):
    owned = replace(classes, parties=Parties.from_names(np.array(list("aabbccaabbcc"))))
    taken = owned.take(np.array([4, 0, 4]))
    np.testing.assert_array_equal(taken.inputs[:, 0], [4, 0, 4])
    np.testing.assert_array_equal(taken.targets, [1, 0, 1])
    assert taken.parties is not None
    assert taken.parties.names == ("a", "c")
    np.testing.assert_array_equal(taken.parties.indices, [1, 0, 1])
    assert len(taken.validation.inputs) == len(owned.validation.inputs)


def test_inputs_of_both_sets_are_mapped_alike(classes):
    halved = classes.map_inputs(lambda inputs: inputs / 2)
    np.testing.assert_array_equal(halved.inputs, classes.inputs / 2)
    np.testing.assert_array_equal(halved.validation.inputs, classes.validation.inputs / 2)
    assert halved.targets is classes.targets


def test_hash_follows_values_and_not_names(classes):
    assert classes.sha256() == replace(classes, name="other").sha256()
    changed = classes.inputs.copy()
    changed[3, 1] = 1e-3
    assert classes.sha256() != replace(classes, inputs=changed).sha256()
    assert (
        classes.sha256()
        != replace(classes, validation=Validation(classes.validation.inputs)).sha256()
    )


def test_lines_follow_their_rows(classes):
    numbered = replace(classes, lines=np.arange(2, len(classes) + 2))
    assert numbered.take(np.array([3, 0])).lines.tolist() == [5, 2]
    assert numbered.sha256() == classes.sha256()
