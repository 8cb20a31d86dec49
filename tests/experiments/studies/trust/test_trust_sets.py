"""Sets of one size, drawn again alike; no row serves two ends."""

import jax
import numpy as np
import pytest

from davinz_jax import Dataset, Parties
from davinz_jax.data import Validation, cross_fit
from davinz_jax.types import Task
from experiments.runtime.errors import InputError
from experiments.studies.trust.deals import NUM_SETS, Deals, deal_of, part_anew
from experiments.studies.trust.sets import DAMAGES, choose_num_rows, part_rows


def make(num=200, task: Task = "classification"):
    """Rows that differ, each with its number in the first column."""
    generator = np.random.default_rng(0)
    inputs = generator.normal(size=(num, 3)).astype(np.float32)
    inputs[:, 0] = np.arange(num)
    targets = np.arange(num) % 2
    if task == "regression":
        targets = inputs[:, 1]
    data = Dataset(inputs, targets, task, 2 if task == "classification" else 1,
                   Validation(inputs, targets))  # fmt: skip
    return cross_fit(data, key=jax.random.key(1))


@pytest.fixture
def parties():
    return Parties(np.arange(200) // 2 % 4, ("a", "b", "c", "d"))


def test_no_row_serves_two_ends(parties, key):
    parts = part_rows(make(), parties, key=key)
    groups = [parts.base.inputs, parts.base.validation.inputs, parts.stopping.inputs,
              parts.test.inputs]  # fmt: skip
    numbers = np.concatenate([each[:, 0] for each in groups])
    assert sorted(numbers) == list(range(200))
    assert parts.sizes == {"base": 100, "scoring": 40, "stopping": 20, "test": 40}
    assert parts.parties is not None
    assert len(parts.parties.indices) == 100


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_sets_have_one_size_and_kinds_take_turns(task, parties, key):
    deals = Deals(part_anew(make(task=task), parties, key=key), 50, key)
    found = [deals.draw(number) for number in range(NUM_SETS)]
    assert {len(each.dataset) for each in found} == {50}
    assert [each.kind for each in found[1::2]] == ["parties"] * (NUM_SETS // 2)
    assert [each.kind for each in found[::2]] == list(DAMAGES) * (NUM_SETS // 2 // len(DAMAGES))
    again = Deals(part_anew(make(task=task), parties, key=key), 50, key).draw(5)
    np.testing.assert_array_equal(again.dataset.inputs, found[5].dataset.inputs)


def test_sets_of_parties_hold_rows_of_theirs_alone(parties, key):
    deals = Deals(part_anew(make(), parties, key=key), 20, key)
    for number in range(1, 12, 2):
        drawn = deals.draw(number)
        owners = {parties.names[parties.indices[int(row)]] for row in drawn.dataset.inputs[:, 0]}
        assert all(name in drawn.made for name in owners)


def test_rows_are_parted_anew_in_the_same_sizes(key):
    part = part_anew(make(), None, key=key)
    first, second = part(deal_of(0)), part(deal_of(NUM_SETS))
    assert first.sizes == second.sizes
    held = [set(each.test.inputs[:, 0]) for each in (first, second)]
    assert held[0] != held[1]


def test_too_few_rows_are_refused(key):
    with pytest.raises(InputError, match="data: wanted at least 20 rows to make sets of"):
        part_rows(make(60), None, key=key)


def test_a_size_that_there_is_not_is_refused(key):
    parts = part_rows(make(), None, key=key)
    assert choose_num_rows(None, parts) == 50
    with pytest.raises(InputError, match="num_rows: wanted 5 to 100 rows of a set"):
        choose_num_rows(101, parts)
