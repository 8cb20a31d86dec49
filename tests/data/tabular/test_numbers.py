"""Decimal commas and thousands, by hand; columns of other words stay as they are."""

import pandas as pd
import pytest

from davinz_jax.data.tabular.numbers import convert_numbers, decimal_of


@pytest.mark.parametrize(
    ("cells", "separator", "decimal"),
    [
        (["1,5", "2", None], ";", ","),
        (["1.234,56", "2"], ";", ","),
        (["1,234", "2,345"], ";", ","),
        (["1,234", "2,345"], ",", "."),
        (["1,5", "2,345"], ",", ","),
        (["1,234,567", "1"], ";", "."),
        (["1,5", "two"], ";", "."),
        (["a", "b"], ";", "."),
    ],
)
def test_decimal_mark_of_a_file(cells, separator, decimal):
    assert decimal_of(pd.DataFrame({"x": cells}), separator) == decimal


@pytest.mark.parametrize(
    ("cells", "decimal", "numbers", "what"),
    [
        (["1.234,5", "2", None], ",", [1234.5, 2, None], "thousands apart"),
        (["1.234", "12.345"], ",", [1234, 12345], "thousands apart"),
        (["1.5", "2.25"], ",", [1.5, 2.25], "decimal point"),
        (["1,5", "-2,25"], ",", [1.5, -2.25], "decimal comma"),
        (["1,234.5", "7"], ".", [1234.5, 7], "thousands apart"),
        (["1 234", "1 234 567"], ".", [1234, 1234567], "thousands apart"),
        (["1'234.5", "2"], ".", [1234.5, 2], "thousands apart"),
    ],
)
def test_words_that_are_numbers(cells, decimal, numbers, what):
    frame, done = convert_numbers(pd.DataFrame({"x": cells, "w": "a"}), decimal)
    pd.testing.assert_series_equal(frame["x"], pd.Series(numbers, name="x"), check_dtype=False)
    assert done == {what: ["x"]}
    assert frame["w"].tolist() == ["a"] * len(cells)


@pytest.mark.parametrize("cells", [["1,2,3", "4"], ["01.02.2020"], ["1.2345", "12,34"], ["1", "x"]])
def test_other_words_stay(cells):
    frame, done = convert_numbers(pd.DataFrame({"x": cells}), ".")
    assert (frame["x"].tolist(), done) == (cells, {})
