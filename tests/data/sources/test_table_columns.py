"""Columns as arrays, and errors that name them."""

import numpy as np
import pandas as pd
import pytest

from davinz_jax.data.sources.table_columns import category_names, check_column, numbers

FRAME = pd.DataFrame(
    {"age": [1.0, None, 3.0], "size": [1.0, np.inf, 2.0], "town": ["a", None, "b"], "n": [1, 2, 3]}
)


def test_unknown_columns_get_a_suggestion():
    with pytest.raises(
        ValueError, match=r"party: wanted a column .*, got twon; did you mean 'town'"
    ):
        check_column("twon", FRAME.columns, "party")
    with pytest.raises(ValueError, match="got zzz; columns: age, size, town, n"):
        check_column("zzz", FRAME.columns, "party")


def test_gaps_are_refused_by_name_and_count_or_filled():
    with pytest.raises(
        ValueError, match="age: wanted no missing value, got 1 in 3 rows; fill them"
    ):
        numbers(FRAME, "age")
    np.testing.assert_array_equal(numbers(FRAME, "age", fill=9.0), [1, 9, 3])
    with pytest.raises(ValueError, match="town: wanted no missing value, got 1 in 3 rows"):
        category_names(FRAME, "town")
    assert category_names(FRAME, "town", fill="c").tolist() == ["a", "c", "b"]


def test_infinities_and_words_are_no_numbers():
    with pytest.raises(
        ValueError, match="size: wanted finite numbers, got infinity in 1 of 3 rows"
    ):
        numbers(FRAME, "size")
    with pytest.raises(ValueError, match="town: wanted numbers as in the schema, got"):
        numbers(FRAME, "town", fill=0.0)


def test_whole_floats_and_integers_are_the_same_category():
    floats = pd.DataFrame({"n": [1.0, 2.0, 2.5]})
    assert category_names(floats, "n").tolist() == ["1", "2", "2.5"]
    assert category_names(FRAME, "n").tolist() == ["1", "2", "3"]
