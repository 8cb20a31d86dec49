"""Means over seeds and their text."""

import math

import pytest

from experiments.report.estimates import CORRELATION, OverSeeds, figure, over_seeds, shown


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


@pytest.mark.parametrize(
    ("number", "text"), [(0.123, "0.12"), (0.0012, "0.0012"), (123.4, "123"), (0.0, "0.00")]
)
def test_figures(number, text):
    assert figure(number) == text


def test_dash_for_what_is_not_defined():
    assert shown(None) == "-"
