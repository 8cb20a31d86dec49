"""Payouts: exact sums, limits kept, and refusals with a remedy."""

from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pytest

from davinz_jax.semivalues import payouts


@dataclass
class Values:
    """Players with values, as payouts see them."""

    values: np.ndarray

    @property
    def players(self):
        return tuple(f"a{j}" for j in range(len(self.values)))


def amounts(values, budget, **options):
    paid = payouts(Values(np.array(values, dtype=float)), budget, **options)
    assert paid.total == Decimal(str(budget))
    return [float(amount) for amount in paid.amounts]


def test_thirds_of_a_budget_by_hand():
    """Equal shares of 100.00 leave one cent, for the first of equal remainders."""
    assert amounts([1, 1, 1], 100) == [33.34, 33.33, 33.33]


def test_negative_values_by_hand():
    assert amounts([3, 1, -2], 8) == [6, 2, 0]
    assert amounts([3, 1, -2], 8, negative="shift") == [5, 3, 0]
    assert amounts([3, 1, -2], 8, negative="charge") == [12, 4, -8]
    with pytest.raises(ValueError, match=r"got -2 for a2; choose negative"):
        amounts([3, 1, -2], 8, negative="refuse")


def test_water_filling_by_hand():
    """Shares 70, 20, 10: the cap takes 20 from the first, which others share 2 to 1."""
    assert amounts([7, 2, 1], 90, cap=60, decimals=0) == [60, 20, 10]
    assert amounts([7, 2, 1], 100, cap=55, decimals=0) == [55, 30, 15]
    assert amounts([7, 2, 1], 100, floor=16, decimals=0) == [65, 19, 16]
    assert amounts([7, 2, 1], 100, floor=16, cap=50, decimals=0) == [50, 33, 17]


def test_floor_reaches_those_without_value():
    assert amounts([1, 0, -3], 10, floor=2) == [6, 2, 2]


def test_smallest_floats_and_what_is_beside_them():
    """5e-324 and 1e-323 are one to two; beside 1 the first gets what the cap leaves."""
    assert amounts([5e-324, 1e-323], 9) == [3, 6]
    assert amounts([1, 5e-324, 0], 100, cap=60) == [60, 40, 0]
    assert amounts([1, 5e-324], 100) == [100, 0]
    assert amounts([1e308, 1e308, -1e308], 10, negative="charge") == [10, 10, -10]


@pytest.mark.parametrize("seed", range(30))
def test_sums_and_limits_hold(seed):
    generator = np.random.default_rng(seed)
    num = int(generator.integers(2, 40))
    values = generator.lognormal(sigma=3, size=num)
    budget, decimals = int(generator.integers(100, 10_000)), int(generator.integers(0, 4))
    floor, cap = budget // (2 * num), budget // num + 1 + int(generator.integers(0, budget))
    paid = amounts(values, budget, floor=floor, cap=cap, decimals=decimals)
    assert min(paid) >= floor
    assert max(paid) <= cap
    free = (np.array(paid) > floor + 1) & (np.array(paid) < cap - 1)
    prices = np.array(paid)[free] / values[free]
    error = 2 * 10.0**-decimals / values[free].min(initial=np.inf)
    assert np.ptp(prices) <= error if free.any() else True


def test_more_value_is_never_paid_less():
    values = np.sort(np.random.default_rng(1).normal(size=25))
    for policy in ("zero", "shift"):
        paid = amounts(values, 77, negative=policy, cap=9)
        assert (np.diff(paid) >= -0.01).all()


def test_budgets_as_text_are_exact():
    assert amounts([1, 2], "0.1", decimals=1) == [0, 0.1]


@pytest.mark.parametrize(
    ("values", "budget", "options", "message"),
    [
        ([1, 2], 0, {}, "budget: wanted a positive amount, got 0"),
        ([1, 2], -5, {}, "budget: wanted a positive amount"),
        ([1, 2], 1.001, {}, "budget: wanted an amount of at most 2 decimals"),
        ([1, 2], float("nan"), {}, "budget: wanted an amount"),
        ([1, 2], "much", {}, "budget: wanted an amount"),
        ([1, 2], float("inf"), {}, "budget: wanted an amount of money, got inf; give a number"),
        ([1, 2], 1e30, {}, "budget: wanted at most 1[0.]*, got 1e"),
        ([1, 2], 10, {"decimals": -3}, "decimals: wanted 0 to 12, got -3"),
        ([np.nan, 2], 10, {}, "values: wanted finite numbers"),
        ([1, 2], 10, {"floor": 6}, "floor: wanted at most 5 for 2 players, got 6"),
        ([1, 2], 10, {"cap": 4}, "cap: wanted at least 5 for 2 players, got 4"),
        ([1, 2], 10, {"floor": 5, "cap": 4}, "wanted 0 <= floor <= cap"),
        ([1, 2], 10, {"floor": -1}, "wanted 0 <= floor <= cap"),
        ([1, -2], 10, {"cap": 6}, "budget: wanted at most 6 where 1 of 2"),
        ([-1, -2], 10, {}, "values: wanted a player of positive value.*'shift'"),
        ([-1, -1], 10, {}, "values: wanted a player of positive value.*equally"),
        ([1, 1], 10, {"negative": "shift"}, "wanted values that differ.*negative='zero'"),
        ([-1, -1], 10, {"negative": "shift"}, "wanted values that differ.*equally"),
        ([0.1, 0.2, -0.3], 10, {"negative": "charge"}, "positive sum.*measure 0.6 in all"),
        ([1, -2], 10, {"negative": "charge"}, "values: wanted a positive sum"),
        ([1, -0.5], 10, {"negative": "charge", "cap": 3}, "neither with negative='charge'"),
    ],
)
def test_what_cannot_be_paid_is_refused(values, budget, options, message):
    with pytest.raises(ValueError, match=message):
        amounts(values, budget, **options)


def test_frame_has_shares():
    frame = payouts(Values(np.array([1.0, 3.0])), 10).to_frame()
    assert list(frame["share"]) == [0.25, 0.75]
    assert list(frame["payout"]) == [2.5, 7.5]
