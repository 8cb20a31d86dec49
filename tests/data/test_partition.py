"""Partitions: who gets which rows, and requests that cannot be met."""

import inspect
from dataclasses import replace

import jax
import numpy as np
import pytest

from davinz_jax.data import (
    Parties,
    partition_auto,
    partition_by_class,
    partition_by_column,
    partition_by_sizes,
    partition_mixture,
    partition_own,
    partition_random,
    partition_rows,
)


def rows_of(dataset, parties, party):
    """Row numbers of a party; the first column of `classes` holds them."""
    return dataset.inputs[parties.indices == party, 0].astype(int).tolist()


def test_by_class_gives_each_class_its_first_rows_in_the_order_given(classes):
    used, parties = partition_by_class(classes, sizes=[1, 2, 3])
    assert parties.names == ("class_0", "class_1", "class_2")
    assert [rows_of(used, parties, p) for p in range(3)] == [[0], [1, 4], [2, 5, 8]]
    assert used.inputs[:, 0].tolist() == [0, 1, 2, 4, 5, 8]
    np.testing.assert_array_equal(used.targets, used.inputs[:, 0].astype(int) % 3)


def test_by_class_without_sizes_uses_all_rows(classes):
    named = replace(classes, class_names=("cat", "dog", "eel"))
    used, parties = partition_by_class(named)
    assert parties.names == ("class_cat", "class_dog", "class_eel")
    np.testing.assert_array_equal(parties.indices, classes.targets)
    assert used.sha256() == classes.sha256()


def test_by_class_at_random_draws_rows_of_the_class(classes, key):
    used, parties = partition_by_class(classes, sizes=[2, 2, 2], select="random", key=key)
    np.testing.assert_array_equal(parties.indices, used.targets)
    np.testing.assert_array_equal(parties.sizes, [2, 2, 2])


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ([5, 1, 1], "sizes: wanted 5 rows of class 0 in all, got 4"),
        ([1, 1], "sizes: wanted one for each of 3 classes, got 2"),
        ([1, 0, 1], "sizes: wanted at least one row for each party, got 0 for party 1"),
    ],
)
def test_by_class_sizes_must_fit(classes, sizes, message):
    with pytest.raises(ValueError, match=message):
        partition_by_class(classes, sizes=sizes)


def test_by_class_needs_classes(numbers):
    with pytest.raises(ValueError, match="parties: wanted classes to part by, got regression"):
        partition_by_class(numbers)


def test_random_keeps_rows_in_order_and_deals_them_evenly(classes, key):
    used, parties = partition_random(classes, num=5, key=key)
    np.testing.assert_array_equal(used.inputs, classes.inputs)
    assert sorted(parties.sizes) == [2, 2, 2, 3, 3]
    again = partition_random(classes, num=5, key=key)[1]
    np.testing.assert_array_equal(parties.indices, again.indices)
    other = partition_random(classes, num=5, key=jax.random.key(5))[1]
    assert not np.array_equal(parties.indices, other.indices)


def test_by_sizes_draws_disjoint_rows(classes, key):
    used, parties = partition_by_sizes(classes, sizes=[1, 2, 4], key=key)
    np.testing.assert_array_equal(parties.sizes, [1, 2, 4])
    assert len(np.unique(used.inputs[:, 0])) == 7
    assert np.all(np.diff(used.inputs[:, 0]) > 0)


def test_by_sizes_refuses_a_dataset_too_small(classes, key):
    with pytest.raises(ValueError, match="sizes: wanted 13 rows in all, got 12; choose smaller"):
        partition_by_sizes(classes, sizes=[6, 7], key=key)
    with pytest.raises(ValueError, match="at least one row for each party, got 0 for party 1"):
        partition_by_sizes(classes, sizes=[6, 0], key=key)


def test_random_refuses_more_parties_than_rows(classes, key):
    with pytest.raises(ValueError, match="wanted 13 rows, one a party at least, in all, got 12"):
        partition_random(classes, num=13, key=key)


def test_a_single_party_is_refused(classes, key):
    alone = replace(classes, parties=Parties(np.zeros(12, np.int64), ("only",)))
    for make in (
        lambda: partition_random(classes, num=1, key=key),
        lambda: partition_by_sizes(classes, sizes=[3], key=key),
        lambda: partition_by_column(alone),
        lambda: partition_rows(classes.take(np.array([0]))),
    ):
        with pytest.raises(ValueError, match="parties: wanted at least two, got 1"):
            make()


def test_by_column_uses_the_parties_that_came_with_the_data(classes):
    parties = Parties.from_names(np.array(list("abcabcabcabc")))
    used, found = partition_by_column(replace(classes, parties=parties))
    assert found is parties
    np.testing.assert_array_equal(used.inputs, classes.inputs)
    with pytest.raises(ValueError, match="parties: wanted parties that came with the data"):
        partition_by_column(classes)


def test_each_row_a_party(classes):
    _, parties = partition_rows(classes)
    assert parties.names[:2] == ("row_0", "row_1")
    np.testing.assert_array_equal(parties.sizes, np.ones(12))


def test_rows_are_named_by_their_lines_also_after_a_choice(classes):
    chosen = classes.numbered().take(np.array([7, 2]))
    assert partition_rows(chosen)[1].names == ("line_8", "line_3")
    twice = classes.numbered().take(np.array([7, 7]))
    assert partition_rows(twice)[1].names == ("row_0", "row_1")


@pytest.fixture
def domains(classes):
    """The same rows, the second domain's shifted by 100."""
    shifted = replace(
        classes,
        inputs=classes.inputs + 100,
        validation=replace(classes.validation, inputs=classes.validation.inputs + 100),
        name="second",
    )
    return replace(classes, name="first"), shifted


def test_mixture_holds_the_shares_asked_for(domains, key):
    mixed, parties = partition_mixture(*domains, shares=[0.25, 0.5, 1.0], size=4, key=key)
    np.testing.assert_array_equal(parties.sizes, [4, 4, 4])
    from_second = [(mixed.inputs[parties.indices == p, 0] >= 100).sum() for p in range(3)]
    assert from_second == [1, 2, 4]
    assert len(np.unique(mixed.inputs[:, 0])) == 12
    np.testing.assert_array_equal(mixed.targets, mixed.inputs[:, 0] % 100 % 3)
    assert mixed.validation.inputs.min() >= 100


def test_mixture_can_serve_the_first_domain(domains, key):
    mixed, _ = partition_mixture(
        *domains, shares=[0.5, 0.5], size=2, validation_of="first", key=key
    )
    np.testing.assert_array_equal(mixed.validation.inputs, domains[0].validation.inputs)


@pytest.mark.parametrize(
    ("shares", "size", "message"),
    [
        ([1.0, 1.0], 7, "wanted 14 rows of second in all, got 12"),
        ([0.5, 1.5], 2, r"shares: wanted numbers in \[0, 1\]"),
        ([0.5], 2, "parties: wanted at least two, got 1"),
        ([0.5, 0.5], 0, "size: wanted at least one row a party, got 0"),
    ],
)
def test_mixture_must_be_possible(domains, key, shares, size, message):
    with pytest.raises(ValueError, match=message):
        partition_mixture(*domains, shares=shares, size=size, key=key)


def test_mixture_refuses_domains_that_do_not_fit(classes, numbers, key):
    with pytest.raises(ValueError, match="second: wanted task classification as in the first"):
        partition_mixture(classes, numbers, shares=[0.5, 0.5], size=2, key=key)
    wide = replace(classes, inputs=np.zeros((12, 3), np.float32))
    with pytest.raises(ValueError, match=r"second: wanted inputs \(2,\) as in the first"):
        partition_mixture(classes, wide, shares=[0.5, 0.5], size=2, key=key)


def test_misspelt_choices_are_refused(classes, domains, key):
    with pytest.raises(
        ValueError, match="select: wanted one of 'first', 'random', got 'frist'; did"
    ):
        inspect.unwrap(partition_by_class)(classes, select="frist")
    with pytest.raises(
        ValueError, match="validation_of: wanted one of 'first', 'second', got 'scond'; did"
    ):
        inspect.unwrap(partition_mixture)(
            *domains, shares=[0.5, 0.5], size=2, validation_of="scond", key=key
        )


def test_auto_takes_what_the_data_offer(classes, numbers, key):
    """Its own parties, else its classes, else ten at random."""
    owned = replace(classes, parties=Parties(np.arange(12) % 2, ("a", "b")))
    assert partition_auto(owned, key=key)[1].names == ("a", "b")
    assert partition_auto(classes, key=key)[1].names == ("class_0", "class_1", "class_2")
    np.testing.assert_array_equal(partition_auto(numbers, key=key)[1].sizes, np.ones(10))


def test_own_parties_or_one_of_all_rows(classes, key):
    whole, one = partition_own(classes)
    assert one.names == ("all",)
    assert len(whole) == len(classes) == one.sizes[0]
    owned = replace(classes, parties=Parties.from_names(["a", "b"] * (len(classes) // 2)))
    assert partition_own(owned)[1] is owned.parties
