"""Numbers as text."""

import pytest

from experiments.report.tables import cell, digits


@pytest.mark.parametrize(
    ("number", "text"),
    [(0.123, "0.12"), (0.0012, "0.0012"), (123.4, "123"), (0.0, "0.00"), (-0.5, "-0.50")],
)
def test_two_or_three_digits(number, text):
    assert digits(number) == text
    assert cell(number) == text


def test_dash_for_what_is_not_defined():
    assert cell(None) == "-"
