"""Cells that users named, where a spreadsheet would take them for formulas.

A party may be called `=1+1`. For figures and terminals see `plots.text` of the library; HTML
escapes for itself (`page.render`).
"""

from typing import Any

FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")
"""What a cell begins with that a spreadsheet computes; and the mark that tells it not to."""


def cell(value: Any) -> Any:
    """A cell of a table that people open in spreadsheets: text that is no formula; see `uncell`.

    >>> cell("=1+1"), cell("-1,5"), cell("north")
    ("'=1+1", '-1,5', 'north')
    """
    if isinstance(value, str) and value.startswith(FORMULA) and not _is_number(value):
        return f"'{value}"
    return value


def uncell(value: Any) -> Any:
    """What `cell` was given.

    >>> uncell("'=1+1"), uncell("-1"), uncell(cell("'"))
    ('=1+1', '-1', "'")
    """
    is_marked = isinstance(value, str) and value.startswith("'") and cell(value[1:]) != value[1:]
    return value[1:] if is_marked else value


def _is_number(text: str) -> bool:
    """Whether it is a number, with a decimal point or comma."""
    try:
        float(text.replace(",", ".", 1))
    except ValueError:
        return False
    return True
