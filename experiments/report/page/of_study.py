"""The page of a study, or of a command that goes on from a run: answer, tables, figure."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from experiments.report.page import drawing
from experiments.report.page.common import made_by, sentence, settings_sections
from experiments.report.page.document import Document, Picture, Section, Table


def study_page(
    title: str,
    *,
    verdicts: Sequence[str],
    tables: Sequence[Table],
    figure: Figure | None = None,
    notes: Sequence[str],
    content: Mapping[str, Any],
) -> Document:
    """The page.

    Args:
        title: what was asked, or which study, over how many seeds.
        verdicts: the answer, one sentence each.
        tables: its numbers.
        figure: what a paper would show, if there is one.
        notes: what a reader should know.
        content: what result.json holds.
    """
    sections = [Section("Numbers", tables=tables)]
    if figure is not None:
        picture = Picture(title, svg=drawing.svg(figure, "study"))
        sections.append(Section("Figure", pictures=[picture]))
    if notes:
        points = [("Worth knowing.", sentence(text)) for text in notes]
        sections.append(Section("What to trust, and why", points=points))
    return Document(
        title=title,
        answer=[sentence(text) for text in verdicts],
        sections=[*sections, *settings_sections(content)],
        made=made_by(content),
    )
