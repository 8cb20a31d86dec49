"""What parts the cells of a text: the character that gives most rows as many cells as names."""

import itertools
from collections.abc import Sequence

from davinz_jax.data.records import SPOKEN, rows_of, split_lines
from davinz_jax.data.tabular.options import SEPARATORS

SAMPLE = 2**18
"""Characters at the beginning that are looked at."""

ROWS = 500
"""Rows of them that are."""

RARE = ("\t", "|", ";", ",")
"""Separators, those first that are seldom found within cells."""


def recognise(text: str) -> str:
    r"""The character between the cells of a table in text.

    Of several that part every row alike, the one with most cells, and of these the one that is
    seldom found within cells; where none parts the first line, one that does not occur.

    >>> recognise("a;b\n1,5;2,5\n"), recognise("sep=|\na|b,c\n"), recognise("x\n1,5\n")
    (';', '|', ';')
    """
    lines = split_lines(text[:SAMPLE])
    spoken = SPOKEN.fullmatch(lines[0]) if lines else None
    if spoken:
        return spoken.group(1)
    whole = lines[:-1] if len(text) > SAMPLE else lines
    best = max(RARE, key=lambda mark: _fit(whole, mark))
    if _fit(whole, best) > (0, 0):
        return best
    return next((mark for mark in SEPARATORS.values() if mark not in text[:SAMPLE]), ",")


def _fit(lines: Sequence[str], separator: str) -> tuple[float, int]:
    """Share of rows with as many cells as the first, and these; zeros where that is one."""
    found = itertools.islice(rows_of(lines, separator), ROWS)
    widths = [len(cells) for _, _, cells in found]
    if not widths or widths[0] == 1:
        return 0.0, 0
    return sum(width == widths[0] for width in widths) / len(widths), widths[0]
