"""Decisions by hand: an interval on one side of zero, on the other, or across it."""

import pandas as pd
import pytest

from experiments.report.estimates import Estimates, Number, OverSeeds
from experiments.studies.reproduce.kept import Kept, largest
from experiments.studies.reproduce.statements import STATEMENTS, Statement, decide, find


def kept(name, numbers, experiment="data_quantity"):
    """A kept result of numbers of the value against size, one a seed."""
    each = [Number("spearman", "value", "size", seed, x) for seed, x in enumerate(numbers)]
    each += [Number("spearman", "mmd", "size", seed, x / 2) for seed, x in enumerate(numbers)]
    found = Estimates.of(each, level=0.95)
    content = {"experiment": experiment, "estimates": found.records(), "level": 0.95,
               "seeds": list(range(len(numbers)))}  # fmt: skip
    return Kept(name, content, pd.DataFrame())


@pytest.mark.parametrize(
    ("limits", "sign", "expected"),
    [
        ((0.1, 0.9), 1, "holds"),
        ((-0.1, 0.9), 1, "undecided"),
        ((-0.9, -0.1), 1, "does not hold"),
        ((-0.9, -0.1), -1, "holds"),
        ((None, None), 1, "undecided"),
    ],
)
def test_decisions(limits, sign, expected):
    assert decide(OverSeeds(0.0, *limits), sign) == expected


def test_a_difference_is_of_the_same_seeds():
    """Half of .8 and .6 lies .4 and .3 below: mean .35."""
    statement = Statement("more", "data_quantity", ("spearman", "value"), ("spearman", "mmd"))
    found = statement.measure(kept("data_quantity", [0.8, 0.6]).estimates)
    assert found is not None
    assert found.mean == pytest.approx(0.35)
    assert found.each == pytest.approx((0.4, 0.3))


def test_numbers_that_are_not_there_say_nothing():
    estimates = kept("data_quantity", [0.8, 0.6]).estimates
    for number, than in [(("spearman", "none"), None), (("spearman", "value"), ("x", "y"))]:
        assert Statement("?", "data_quantity", number, than).measure(estimates) is None


def test_the_largest_size_of_each_topic_speaks():
    """Smoke is silent beside anything larger of its experiment; another data set speaks too."""
    names = ["correlation_smoke", "correlation_mnist", "correlation_medium_mnist", "correlation_x"]
    found = largest({name: kept(name, [1.0], "correlation") for name in names})
    assert [each.name for each in found] == ["correlation_medium_mnist", "correlation_x"]
    alone = largest({"data_quantity_smoke": kept("data_quantity_smoke", [1.0])})
    assert [each.name for each in alone] == ["data_quantity_smoke"]


def test_findings_go_by_experiment():
    (finding,) = find({"data_quantity": kept("data_quantity", [0.9, 0.95, 1.0])})
    assert finding.statement is STATEMENTS[0]
    assert finding.decision == "holds"
