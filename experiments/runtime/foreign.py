"""Text that users named, where a reader's program would take it for more than text.

A party may be called `[/bold]`, `$x^$` or `=1+1`: terminals, figures and spreadsheets read such
names as markup, mathematics and formulas. HTML escapes for itself (`page.render`).
"""

from typing import Any

FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")
"""What a cell begins with that a spreadsheet computes; and the mark that tells it not to."""

LONGEST = 60
"""Characters of a name in a figure."""


def printable(text: str) -> str:
    """Text that moves no cursor and rings no bell: control characters as Python writes them.

    >>> len(printable(chr(27) + "[31m"))
    8
    """
    return "".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in text)


def drawn(text: object) -> str:
    """A name as a figure shows it: no mathematics, no control characters, not too long."""
    shown = printable(str(text))
    return (shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 1]}…").replace("$", r"\$")


def cell(value: Any) -> Any:
    """A cell of a table that people open in spreadsheets: text that is no formula; see `uncell`.

    >>> cell("=1+1"), cell("-1"), cell("north")
    ("'=1+1", '-1', 'north')
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
    try:
        float(text)
    except ValueError:
        return False
    return True
