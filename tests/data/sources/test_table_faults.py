"""Faults of columns, and options that a shell and Hydra take."""

import shlex

import numpy as np
import pandas as pd
import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from davinz_jax.data.sources.table_faults import (
    Fault,
    identifier_notes,
    ignoring,
    number_faults,
    owner_faults,
    refuse,
    word_faults,
)

ROWS = pd.DataFrame({"n": [1.0, None, np.inf], "w": ["a", "b", None], "o": ["p", None, None]})
OTHERS = pd.DataFrame({"n": [None, 2.0], "w": ["c", "d"]})


def test_faults_by_hand():
    gaps = Fault("n", "2 gaps, 1 of them in the validation set", "impute")
    infinite = Fault("n", "infinity in 1 of 5 rows", "ignore")
    assert list(number_faults(ROWS, "n", [OTHERS], filled=False)) == [gaps, infinite]
    assert list(number_faults(ROWS, "n", [OTHERS], filled=True)) == [infinite]
    assert list(word_faults(ROWS, "w", [OTHERS], filled=True, most=4)) == []
    (many,) = word_faults(ROWS, "w", [OTHERS], filled=True, most=3)
    assert many.text == "4 categories (a, b, ...) in 4 rows"
    assert list(owner_faults("o", [ROWS])) == [Fault("o", "2 gaps", "drop")]


def test_large_numbers_and_words_among_them():
    (large,) = number_faults(pd.DataFrame({"n": [1e31, 1.0]}), "n", filled=False)
    assert large.text == "a number of size 1e+31, beyond 1e+30"
    words = pd.DataFrame({"n": ["x"]})
    assert [fault.text for fault in number_faults(ROWS, "n", [words], filled=True)] == [
        "words where there should be numbers"
    ]


def test_all_remedies_are_in_one_message():
    faults = [Fault("a", "1 gap", "impute"), Fault("b c", "infinity", "ignore"),
              Fault("y", "2 gaps", "drop")]  # fmt: skip
    with pytest.raises(ValueError, match="columns: wanted") as refused:
        refuse(faults, 9, ignore=["id"])
    assert str(refused.value).endswith(
        "9 rows: a (1 gap), b c (infinity), y (2 gaps); set data.impute=median "
        "'data.ignore=[id,\"b c\"]' (in Python without `data.`); median fills gaps of words by the "
        "most frequent one; drop the rows that lack y"
    )
    refuse([], 9)


def test_any_name_survives_the_shell_and_hydra():
    names = ["id", "free text", 'say "so"', "it's", "a,b", "null", "1", "ä", "back\\slash", "end\\"]
    (argument,) = shlex.split(ignoring(names))
    (override,) = OverridesParser.create().parse_overrides([argument])
    assert [str(name) for name in override.value()] == names


def test_identifiers_are_told_with_the_option():
    count = np.arange(30)
    frame = pd.DataFrame(
        {"nr": count + 7, "name": [f"p{k}" for k in count], "age": count % 9, "pay": count * 100,
         "day": pd.to_datetime("2020-01-01") + pd.to_timedelta(count, "D")}
    )  # fmt: skip
    (note,) = identifier_notes(frame, list(frame), ignore=["x"])
    assert note.endswith("do: nr, name; 'data.ignore=[x,nr,name]' leaves them out")
    assert identifier_notes(frame.head(10), list(frame), ignore=[]) == ()
