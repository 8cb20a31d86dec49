"""Parts of a kernel: groups of batches, and what is cached when."""

import itertools

import pytest

from davinz_jax.ntk.execution.pieces import cached_groups, steps


def test_features_are_cached_for_the_rows_of_a_group_and_no_longer():
    """Rows 0 and 1 stay; columns 2 and 3 go once met; the next pass begins anew."""
    pairs = [(0, 0), (0, 1), (1, 1), (0, 2), (1, 2), (0, 3), (1, 3)]
    found = list(steps(pairs, num_passes=2))
    assert [step.pair for step in found] == 2 * pairs
    assert [sorted(step.fresh) for step in found[:7]] == [[0], [1], [], [2], [], [3], []]
    assert [sorted(step.stale) for step in found[:7]] == [[], [], [], [], [], [2], []]
    assert found[7].stale == {0, 1, 3}
    assert found[7].fresh == {0}


@pytest.mark.parametrize(("count", "num_cached"), list(itertools.product([1, 5, 8], [1, 3, 8])))
def test_groups_cover_the_batches_and_give_every_place_two(count, num_cached):
    for num_places, least in ((1, 1), (2, min(4, count))):
        groups = cached_groups(count, num_cached, num_places)
        assert [batch for group in groups for batch in group] == list(range(count))
        assert max(map(len, groups)) <= num_cached
        assert len(groups) >= least - 1
