"""Means over seeds, looked up by what they are."""

import json
import math

import numpy as np
import pytest

from experiments.report.estimates import (
    CORRELATION,
    Estimates,
    Number,
    OverSeeds,
    correlations,
    numbers_of,
    over_seeds,
)


def test_interval_by_hand():
    """Numbers 1 and 3: mean 2, standard error 1, t(0.975, 1) = 12.706."""
    found = over_seeds([1.0, 3.0], level=0.95)
    assert found.mean == 2
    assert found.low == pytest.approx(2 - 12.7062, abs=1e-4)
    assert found.high == pytest.approx(2 + 12.7062, abs=1e-4)
    assert found.each == (1.0, 3.0)


def test_interval_is_cut_at_the_limits():
    found = over_seeds([0.5, 0.9], level=0.95, limits=CORRELATION)
    assert (found.low, found.high) == (-1, 1)


def test_one_seed_has_no_interval():
    found = over_seeds([0.5], level=0.95)
    assert (found.mean, found.low, found.high) == (0.5, None, None)
    assert str(found) == "0.50"


def test_undefined_numbers_are_left_out():
    assert over_seeds([math.nan, 0.5, 0.5], level=0.9).mean == 0.5
    assert over_seeds([math.nan], level=0.9) == OverSeeds(None, each=(None,))
    assert str(over_seeds([math.nan], level=0.9)) == "undefined"


@pytest.fixture
def estimates():
    """Two subjects in seeds 3 and 1; the second subject has no number in seed 1."""
    numbers = [
        Number("spearman", "ours", "accuracy", 3, 0.5),
        Number("spearman", "theirs", "accuracy", 3, 0.2),
        Number("seconds", "ours", "", 3, 7.0),
        Number("spearman", "ours", "accuracy", 1, 0.9),
        Number("seconds", "ours", "", 1, math.nan),
    ]
    return Estimates.of(numbers, level=0.95)


def test_looked_up_by_what_it_is(estimates):
    found = estimates.get("spearman", "ours", "accuracy")
    assert found == over_seeds([0.5, 0.9], level=0.95, limits=CORRELATION)
    assert estimates.seeds == [3, 1]


def test_each_follows_the_seeds_also_where_one_lacks(estimates):
    assert estimates.get("spearman", "theirs", "accuracy").each == (0.2, None)
    assert estimates.get("seconds", "ours").each == (7.0, None)


def test_what_is_not_there_is_refused_by_name(estimates):
    assert estimates.has("seconds", "ours")
    assert not estimates.has("seconds", "ours", "accuracy")
    with pytest.raises(KeyError, match="wanted one of"):
        estimates.get("pearson", "ours", "accuracy")


def test_records_give_the_numbers_back(estimates):
    records = json.loads(json.dumps(estimates.records(), allow_nan=False))
    assert records[1] == {
        "statistic": "spearman", "subject": "theirs", "against": "accuracy",
        "mean": 0.2, "low": None, "high": None, "each": [0.2, None],
    }  # fmt: skip
    again = Estimates.of(numbers_of({"seeds": [3, 1], "estimates": records}), level=0.95)
    assert again.records() == estimates.records()


def test_numbers_of_a_valuation_are_its_values():
    result = {"config": {"seed": 4}, "players": [{"name": "north", "value": 0.25}]}
    assert list(numbers_of(result)) == [Number("value", "north", "", 4, 0.25)]


def test_correlations_by_hand():
    """Ranks 1 2 3 against 1 3 2: ρ = 1 - 6·2/24 = 1/2, τ = 1/3."""
    found = {
        number.statistic: number
        for number in correlations("ours", "truth", 0, np.arange(3.0), np.array([0.0, 2.0, 1.0]))
    }
    assert found["spearman"].value == pytest.approx(0.5)
    assert found["kendall"].value == pytest.approx(1 / 3)
    assert found["pearson"].value == pytest.approx(0.5)
    assert found["pearson"][:4] == ("pearson", "ours", "truth", 0)
