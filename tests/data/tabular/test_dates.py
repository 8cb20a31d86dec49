"""Dates in words, by hand; what is open is told, what is none stays."""

import datetime

import pandas as pd
import pytest

from davinz_jax.data.tabular.dates import convert_dates

FIRST = pd.Timestamp("2020-02-03")


@pytest.mark.parametrize(
    "cells",
    [
        ["2020-02-03", "2020-12-31"],
        ["03.02.2020", "31.12.2020"],
        ["3.2.20", "31.12.20"],
        ["03/02/2020", "31/12/2020"],
        ["02/03/2020", "12/31/2020"],
        ["2020/02/03", "2020/12/31"],
        ["3 Feb 2020", "31 Dec 2020"],
        ["03-FEB-2020", "31-DEC-2020"],
        [datetime.date(2020, 2, 3), datetime.date(2020, 12, 31)],
    ],
)
def test_forms(cells):
    frame, notes = convert_dates(pd.DataFrame({"day": [*cells, None]}))
    assert frame["day"].tolist()[:2] == [FIRST, pd.Timestamp("2020-12-31")]
    assert frame["day"].isna().tolist() == [False, False, True]
    assert notes == ()


def test_an_open_order_is_told_in_one_note():
    frame, (note,) = convert_dates(pd.DataFrame({"p": ["03/02/2020"], "q": ["01-02-2020"]}))
    assert frame.iloc[0].tolist() == [FIRST, pd.Timestamp("2020-02-01")]
    assert "read so: p as day/month/year, q as day-month-year; write them" in note


def test_times_and_zones():
    frame, _ = convert_dates(
        pd.DataFrame(
            {"t": ["3.2.2020 12:30"], "z": ["2020-02-03T10:00+02:00"]},
        )
    )
    assert frame["t"][0] == FIRST + pd.Timedelta("12h30m")
    assert frame["z"][0] == pd.Timestamp("2020-02-03T08:00Z")


@pytest.mark.parametrize("cells", [["10-20", "20-30"], ["12:30"], ["1.5"], ["3.2.2020", "unknown"]])
def test_other_words_stay(cells):
    frame, _ = convert_dates(pd.DataFrame({"x": cells}))
    assert frame["x"].tolist() == cells


def test_columns_to_skip_stay():
    frame, _ = convert_dates(pd.DataFrame({"x": ["2020-02-03"]}), ["x", "absent"])
    assert frame["x"].tolist() == ["2020-02-03"]
