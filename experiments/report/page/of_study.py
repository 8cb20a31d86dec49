"""The page of a study: its answer in words, its table, its figure."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from experiments.report.page import drawing
from experiments.report.page.common import made_by, sentence, settings_sections
from experiments.report.page.document import Cell, Column, Document, Picture, Section, Table


def study_page(
    title: str,
    *,
    verdicts: Sequence[str],
    headers: Sequence[str],
    rows: Sequence[Sequence[str]],
    figure: Figure,
    notes: Sequence[str],
    content: Mapping[str, Any],
) -> Document:
    """The page of a study.

    Args:
        title: which study, over how many seeds.
        verdicts: the answer, one sentence each.
        headers: of the table.
        rows: cells of the table, the first of each its name.
        figure: what a paper would show.
        notes: what a reader should know.
        content: what result.json holds.
    """
    columns = [Column(name, is_number=at > 0) for at, name in enumerate(headers)]
    cells = [[Cell(text, _number(text)) for text in row] for row in rows]
    sections = [
        Section("Numbers", tables=[Table(title, columns, cells)]),
        Section("Figure", pictures=[Picture(title, svg=drawing.svg(figure, "study"))]),
    ]
    if notes:
        points = [("Worth knowing.", sentence(text)) for text in notes]
        sections.append(Section("What to trust, and why", points=points))
    return Document(
        title=title,
        answer=[sentence(text) for text in verdicts],
        sections=[*sections, *settings_sections(content)],
        made=made_by(content),
    )


def _number(text: str) -> float | None:
    """The number that a cell begins with, to sort by.

    >>> _number("0.91 [0.88, 0.92]"), _number("davinz")
    (0.91, None)
    """
    try:
        return float(text.split()[0].replace(",", "").replace("−", "-"))
    except (ValueError, IndexError):
        return None
