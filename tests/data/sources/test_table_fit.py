"""Fitting schemas: statistics by hand, kinds of columns, imputation, and columns of no use."""

import inspect

import numpy as np
import pandas as pd
import pytest

from davinz_jax.data import fit_schema
from davinz_jax.data.sources.table_schema import CategoricalColumn, NumericColumn

FRAME = pd.DataFrame(
    {
        "age": [1, 2, 3, 6],
        "flat": [7.0, 7.0, 7.0, 7.0],
        "town": ["b", "a", "b", "c"],
        "smokes": [True, False, True, True],
        "gap": [1.0, None, 1.0, 4.0],
        "word_gap": ["x", None, "y", "y"],
        "when": pd.to_datetime(["2020-01-01"] * 4),
        "label": [2, 1, 10, 2],
        "owner": ["p", "q", "p", "q"],
    }
)
USED = FRAME[["age", "flat", "town", "smokes", "label", "owner"]]


def column(schema, name):
    return next(column for column in schema.columns if column.name == name)


def test_statistics_by_hand():
    """Ages 1, 2, 3, 6 have mean 3 and variance (4+1+0+9)/4; a constant column keeps scale 1."""
    schema = fit_schema(USED, target="label", party="owner")
    assert column(schema, "age") == NumericColumn("age", 3.0, np.sqrt(3.5))
    assert column(schema, "flat") == NumericColumn("flat", 7.0, 1.0)
    assert column(schema, "town") == CategoricalColumn("town", ("a", "b", "c"))
    assert column(schema, "smokes") == CategoricalColumn("smokes", ("False", "True"))
    assert [column.name for column in schema.columns] == ["age", "flat", "town", "smokes"]
    assert (schema.task, schema.classes) == ("classification", ("1", "2", "10"))


def test_numbers_can_be_categories():
    schema = fit_schema(USED, target="label", ignore=["owner"], categorical=["age"])
    assert column(schema, "age") == CategoricalColumn("age", ("1", "2", "3", "6"))


def test_regression_targets_keep_their_moments():
    schema = fit_schema(USED, target="age", task="regression")
    assert (schema.task, schema.classes) == ("regression", ())
    assert (schema.target_mean, schema.target_scale) == (3.0, np.sqrt(3.5))


def test_categories_and_classes_of_the_validation_set_are_known_but_not_its_moments():
    more = pd.DataFrame({"age": [100], "town": ["z"], "label": [3]})
    schema = fit_schema(USED, more, target="label", ignore=["owner", "flat", "smokes"])
    assert schema.classes == ("1", "2", "3", "10")
    assert column(schema, "age").mean == 3.0
    assert column(schema, "town").categories == ("a", "b", "c", "z")


@pytest.mark.parametrize(
    ("impute", "fill"), [("mean", 2.0), ("median", 1.0), ("most_frequent", 1.0)]
)
def test_imputation_by_hand(impute, fill):
    """Present values 1, 1, 4; the moments are those of the filled column."""
    frame = FRAME[["gap", "word_gap", "label"]]
    schema = fit_schema(frame, target="label", impute=impute)
    filled = np.array([1.0, fill, 1.0, 4.0])
    assert column(schema, "gap") == NumericColumn("gap", filled.mean(), filled.std(), fill)
    assert column(schema, "word_gap") == CategoricalColumn("word_gap", ("x", "y"), "y")


@pytest.mark.parametrize(
    ("columns", "options", "message"),
    [
        (["age", "label"], {"target": "labl"}, r"target: wanted a column .* did you mean 'label'"),
        (["age", "label"], {"party": "ownr"}, "party: wanted a column of the table, got ownr"),
        (["age", "label"], {"ignore": ["aeg"]}, r"ignore: .* got aeg; did you mean 'age'"),
        (["age", "label"], {"categorical": ["aeg"]}, r"categorical: .* did you mean 'age'"),
        (["age", "label"], {"party": "label"}, "target: wanted a column that is neither party nor"),
        (["label"], {}, "columns: wanted at least one input column, got none"),
        (["gap", "label"], {}, r"got in 4 rows: gap \(1 gap\); set data.impute=median"),
        (["word_gap", "label"], {}, r"got in 4 rows: word_gap \(1 gap\)"),
        (["town", "label"], {"max_categories": 2}, r"town \(3 categories \(a, b, ...\) in 4"),
        (["age", "gap"], {"target": "gap"}, r"gap \(1 gap\); drop the rows that lack gap"),
        (["age", "town"], {"target": "town", "task": "regression"}, "town: wanted numbers"),
    ],
)
def test_columns_of_no_use_are_named(columns, options, message):
    with pytest.raises(ValueError, match=message):
        fit_schema(FRAME[columns], **{"target": "label", **options})


def test_an_empty_column_cannot_be_imputed():
    frame = FRAME[["age", "label"]].assign(void=np.nan)
    with pytest.raises(ValueError, match=r"void \(no value at all\); set 'data.ignore=\[void\]'"):
        fit_schema(frame, target="label", impute="mean")


def test_dates_are_days():
    """Days 0, 1, 2 and 5 since 1970 have mean 2 and variance (4+1+0+9)/4."""
    days = pd.to_datetime(["1970-01-01", "1970-01-02", "1970-01-03", "1970-01-06"])
    schema = fit_schema(FRAME[["label"]].assign(day=days), target="label")
    assert column(schema, "day") == NumericColumn("day", 2.0, np.sqrt(3.5))


def test_misspelt_imputation_is_refused():
    with pytest.raises(ValueError, match="impute: wanted one of .*; did you mean 'median'"):
        inspect.unwrap(fit_schema)(FRAME, target="label", impute="medain")
