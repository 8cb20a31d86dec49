"""Columns of dates that are written as words.

A column becomes dates only if every cell of it is one, all in the same form. Where day
and month could be exchanged, the day comes first, and that is told.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING

from davinz_jax.data.tabular.numbers import words_of

if TYPE_CHECKING:
    import pandas as pd

DAYS = ("%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y",
        "%d.%m.%y", "%d/%m/%y", "%m/%d/%y", "%d %b %Y", "%d-%b-%Y", "%d %B %Y", "%B %d, %Y",
        "%b %d, %Y")  # fmt: skip
FORMS = ("ISO8601", *(day + time for time in ("", " %H:%M", " %H:%M:%S") for day in DAYS))
"""Forms of dates, in the words of Python's `strptime`; the first that fits every cell is taken."""

LIKE_DATES = r"(?:\d{4}[-/.]|\d{1,2}[-/. ]|[^\W\d]{3,9} ).*\d.*"
"""What every date looks like at least, to spare other columns the trial."""

SWAPPED = str.maketrans("dm", "md")
"""Day for month in a form."""


def convert_dates(
    frame: "pd.DataFrame", skip: Iterable[str] = ()
) -> tuple["pd.DataFrame", tuple[str, ...]]:
    """The table with dates for words that are dates, and what there is to say about it.

    Args:
        frame: the table.
        skip: columns that stay as they are.
    """
    left = frame.drop(columns=[name for name in skip if name in frame.columns])
    open_forms = {}
    for name, column in left.items():
        if column.dtype == object and _are_dates(column.dropna()):
            frame = frame.assign(**{str(name): _dates(column)})
    for name in words_of(left):
        cells = left.loc[:, name].str.strip()
        if (form := form_of(cells)) is not None:
            frame = frame.assign(**{name: _dates(cells, form)})
            if _other_order(cells, form):
                open_forms[name] = form
    return frame, tuple(_tell(open_forms))


def _tell(open_forms: Mapping[str, str]) -> Iterator[str]:
    if open_forms:
        forms = ", ".join(f"{name} as {_in_words(form)}" for name, form in open_forms.items())
        yield (
            f"dates whose day and month could be exchanged are read so: {forms}; write them as "
            "year-month-day if that is wrong"
        )


def _in_words(form: str) -> str:
    """A form in the words of a person.

    >>> _in_words("%d/%m/%Y %H:%M")
    'day/month/year'
    """
    words = {"%d": "day", "%m": "month", "%Y": "year", "%y": "year"}
    return re.sub("%[dmYy]", lambda match: words[match.group()], form.partition(" ")[0])


def form_of(cells: "pd.Series") -> str | None:
    """The form that all cells have which are not missing; None where there is none.

    >>> import pandas as pd
    >>> form_of(pd.Series(["31.01.2020", None])), form_of(pd.Series(["1-2-3"]))
    ('%d.%m.%Y', None)
    """
    present = cells.dropna().drop_duplicates()
    if not present.str.fullmatch(LIKE_DATES).all():
        return None
    return next((form for form in FORMS if _has_form(present, form)), None)


def _has_form(cells: "pd.Series", form: str) -> bool:
    few = cells.iloc[:20]
    return all(bool(_dates(part, form).notna().all()) for part in (few, cells))


def _other_order(cells: "pd.Series", form: str) -> bool:
    """Whether day and month could change places, and do differ somewhere."""
    if not form.startswith(("%d/%m", "%d-%m", "%m/%d", "%m-%d")):
        return False
    present = cells.dropna()
    other = _dates(present, form.translate(SWAPPED))
    return bool(other.notna().all() and (other != _dates(present, form)).any())


def _dates(cells: "pd.Series", form: str | None = None) -> "pd.Series":
    """Cells as dates; those of another form are missing, all where their time zones differ."""
    import pandas as pd

    try:
        return pd.to_datetime(cells, format=form, errors="coerce")
    except ValueError:
        return pd.to_datetime(cells, format=form, errors="coerce", utc=True)


def _are_dates(cells: "pd.Series") -> bool:
    """Whether all cells are dates already, as Parquet holds them."""
    return len(cells) > 0 and all(isinstance(cell, date) for cell in cells)
