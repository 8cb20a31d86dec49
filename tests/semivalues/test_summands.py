"""Sums in sums, by hand."""

import numpy as np

from davinz_jax.semivalues.games import airport
from davinz_jax.semivalues.summands import summands_of


def test_weights_multiply_and_terms_follow_one_another():
    first, second = airport(np.array([1.0, 2.0])), airport(np.array([3.0, 4.0]))
    whole = 2 * (first + 3 * second) + first
    found = list(summands_of(whole))
    assert [(part.weight, part.terms.start) for part in found] == [(2, 0), (6, 1), (1, 2)]
    assert [part.utility for part in found] == [first, second, first]


def test_what_is_no_sum_is_itself():
    game = airport(np.array([1.0, 2.0]))
    assert [part.utility for part in summands_of(game)] == [game]
