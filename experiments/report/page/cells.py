"""Cells of the user's file as a page shows them: numbers shortened, long texts quoted."""

from typing import Any

import numpy as np

from experiments.report.page.document import Cell

MOST_TEXT = 300
"""Characters of a text of the user's file that are quoted."""

LONGEST_WORD = 60
"""Characters of a cell beyond which its column is quoted below the table."""

MOST_DIGITS = 10
"""Characters of a number beyond which it is shortened."""


def is_text(value: Any) -> bool:
    """Whether a cell is a text to be read rather than a word of a table."""
    return isinstance(value, str) and len(value) > LONGEST_WORD


def is_number(value: Any) -> bool:
    """Whether a cell is a number, or empty."""
    shown = file_cell(value)
    return shown.order is not None or not shown.text


def file_cell(value: Any) -> Cell:
    """A cell of the user's file; a number of many digits is shortened, as it is of little use."""
    if isinstance(value, int | float | np.number):
        number = float(value)
        return Cell("") if np.isnan(number) else Cell(f"{number:g}", number)
    text = "" if value is None else str(value)
    mark = "," if "," in text and "." not in text else "."
    try:
        number = float(text.replace(mark, "."))
    except ValueError:
        return Cell(text)
    return Cell(text if len(text) <= MOST_DIGITS else f"{number:.6g}".replace(".", mark), number)


def shortened(text: str) -> str:
    """The beginning of a text that is too long to be quoted whole."""
    return text if len(text) <= MOST_TEXT else text[:MOST_TEXT] + "…"
