"""Schemas: encoding by hand, new rows, unknown values, and a journey through JSON."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from davinz_jax.data import TableSchema
from davinz_jax.data.sources.table_schema import CategoricalColumn, NumericColumn

SCHEMA = TableSchema(
    target="ill",
    task="classification",
    columns=(
        NumericColumn("age", mean=40.0, scale=10.0, fill=30.0),
        CategoricalColumn("town", ("bonn", "koln"), fill="koln"),
    ),
    classes=("no", "yes"),
    party="clinic",
)


def frame(**columns):
    return pd.DataFrame(
        {
            "age": [50.0, 20.0],
            "town": ["koln", "bonn"],
            "ill": ["yes", "no"],
            "clinic": ["a", "b"],
            **columns,
        }
    )


def test_inputs_by_hand():
    np.testing.assert_array_equal(SCHEMA.encode_inputs(frame()), [[1, 0, 1], [-2, 1, 0]])
    assert SCHEMA.encode_inputs(frame()).dtype == np.float32
    assert SCHEMA.feature_names == ("age", "town=bonn", "town=koln")


def test_gaps_are_filled_and_unknown_categories_zero_and_both_noted():
    odd = frame(age=[None, 20.0], town=["ulm", None])
    np.testing.assert_array_equal(SCHEMA.encode_inputs(odd), [[-1, 0, 0], [-2, 0, 1]])
    assert SCHEMA.notes(odd, "rows") == (
        "rows: gaps filled: age 1 by 30, town 1 by koln",
        "rows: unknown categories set to 0: town 1",
    )
    assert SCHEMA.notes(frame(), "rows") == ()


def test_what_cannot_be_encoded_is_named_in_one_message():
    schema = replace(SCHEMA, columns=(NumericColumn("age", 40.0, 10.0), SCHEMA.columns[1]))
    schema = replace(schema, columns=(*schema.columns, NumericColumn("town", 0.0, 1.0)))
    words = r"age \(1 gap\), town \(words where .*; as the encoding is fixed, mend age, town"
    with pytest.raises(ValueError, match=words):
        schema.encode_inputs(frame(age=[None, 20.0]))


def test_dates_are_told():
    schema = replace(SCHEMA, columns=(NumericColumn("day", 0.0, 1.0),))
    days = pd.DataFrame({"day": pd.to_datetime(["1970-01-03", "1970-01-01"])})
    assert schema.date_note(days) == ("dates as days since 1970-01-01: day",)
    np.testing.assert_array_equal(schema.encode_inputs(days)[:, 0], [2, 0])


def test_targets_and_parties():
    np.testing.assert_array_equal(SCHEMA.encode_targets(frame()), [1, 0])
    parties = SCHEMA.parties(frame())
    assert parties is not None
    assert parties.tolist() == ["a", "b"]


def test_real_targets_are_standardised():
    schema = TableSchema("age", "regression", (), target_mean=40.0, target_scale=10.0)
    np.testing.assert_array_equal(schema.encode_targets(frame()), [1, -2])


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"ill": ["yes", "maybe"]}, "ill: wanted classes no, yes, got maybe"),
        ({"ill": ["yes", None]}, "ill: wanted no missing value, got 1 in 2 rows; a target cannot"),
        ({"clinic": [None, "b"]}, "clinic: wanted no missing value, got 1 in 2 rows; say whose"),
        ({"clinic": [None, "b"]}, "NA, N/A, NaN, null and None are missing values; give a party"),
    ],
)
def test_bad_targets_and_parties_are_named(columns, message):
    def encode():
        SCHEMA.encode_targets(frame(**columns))
        SCHEMA.parties(frame(**columns))

    with pytest.raises(ValueError, match=message):
        encode()


def test_missing_columns_are_named():
    with pytest.raises(ValueError, match="town: wanted a column of the table, got town; columns"):
        SCHEMA.encode_inputs(frame().drop(columns="town"))


def test_json_brings_the_schema_back():
    stored = json.loads(json.dumps(SCHEMA.to_dict()))
    assert TableSchema.from_dict(stored) == SCHEMA


@pytest.mark.parametrize(
    "stored",
    [{}, {**SCHEMA.to_dict(), "more": 1}, {**SCHEMA.to_dict(), "columns": [{"name": "x"}]}],
)
def test_other_mappings_are_refused(stored):
    with pytest.raises(ValueError, match="schema: wanted what TableSchema.to_dict gives"):
        TableSchema.from_dict(stored)
