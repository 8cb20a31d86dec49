"""Numbers that are written with a decimal comma, or with thousands apart.

A reader of tables takes them for words. A column is converted only if every cell of it is such a
number, and what was converted is told.
"""

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

GROUPING = {".": ",", ",": "."}
"""What may part thousands beside blanks and apostrophes, by the mark before decimals."""

BLANKS = (" ", "\u00a0", "\u202f", "'", "\u2019")
"""What parts thousands in many countries; blanks that do not break lines among them."""


def decimal_of(frame: "pd.DataFrame", separator: str) -> str:
    """The mark before decimals, told from the columns that were read as words with a point.

    "1,234" in a file whose cells are parted by commas has thousands; in any other, a comma before
    decimals.

    Args:
        frame: the table, read with a decimal point.
        separator: character between cells.
    """
    has_comma = any(_has_comma(frame.loc[:, name], separator) for name in words_of(frame))
    return "," if has_comma else "."


def _has_comma(column: "pd.Series", separator: str) -> bool:
    cells = column.dropna().str.strip()
    shown = cells.str.contains(",", regex=False)
    if not shown.any() or not cells.str.fullmatch(_pattern(",", "[. '\u00a0\u202f\u2019]")).all():
        return False
    is_grouped = cells[shown].str.fullmatch(r"[+-]?[1-9]\d{0,2},\d{3}").all()
    return separator != "," or not is_grouped


def words_of(frame: "pd.DataFrame") -> list[str]:
    """Columns of text with some cell."""
    import pandas as pd

    return [
        str(name)
        for name, column in frame.items()
        if pd.api.types.is_string_dtype(column.dropna()) and column.notna().any()
    ]


def convert_numbers(
    frame: "pd.DataFrame", decimal: str
) -> tuple["pd.DataFrame", dict[str, list[str]]]:
    """The table with numbers for words that are numbers, and the columns by what was done.

    Args:
        frame: the table.
        decimal: the mark before decimals.
    """
    done: dict[str, list[str]] = {}
    for name in words_of(frame):
        column = frame.loc[:, name]
        for what, mark, group in _ways(decimal):
            if (converted := _convert(column, mark, group)) is not None:
                frame = frame.assign(**{name: converted})
                done.setdefault(what, []).append(name)
                break
    return frame, done


def _ways(decimal: str) -> list[tuple[str, str, str]]:
    """What is done, mark before decimals and mark of thousands, likeliest first."""
    grouped = [("thousands apart", decimal, mark) for mark in (GROUPING[decimal], *BLANKS)]
    pointed = [("decimal point", ".", "")] if decimal == "," else []
    return [("decimal comma", ",", "")] * (decimal == ",") + grouped + pointed


def _convert(column: "pd.Series", decimal: str, group: str) -> "pd.Series | None":
    """The column as numbers; None where a cell is none of this form, or none shows the marks."""
    import pandas as pd

    cells = column.str.strip()
    present = cells.dropna()
    is_shown = not group or present.str.contains(group, regex=False).any()
    if not is_shown or not present.str.fullmatch(_pattern(decimal, re.escape(group))).all():
        return None
    bare = cells.str.replace(group, "", regex=False) if group else cells
    numbers: Any = pd.to_numeric(bare.str.replace(decimal, ".", regex=False))
    return numbers


def _pattern(decimal: str, group: str) -> str:
    """A number with this mark before decimals, and thousands parted or not."""
    grouped = rf"\d{{1,3}}(?:{group}\d{{3}})+|" if group else ""
    return rf"[+-]?(?:{grouped}\d+)(?:{re.escape(decimal)}\d*)?(?:[eE][+-]?\d+)?"


def told(done: dict[str, list[str]]) -> tuple[str, ...]:
    """What was done, and to which columns.

    >>> told({"decimal comma": ["a", "b"]})
    ('decimal comma in a, b',)
    """
    return tuple(f"{what} in {', '.join(names)}" for what, names in done.items())
