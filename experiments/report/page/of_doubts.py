"""The page of rows that were judged: how many look wrong, whose they are, and which ones."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Int

from experiments.report import doubts
from experiments.report.doubts import Doubts
from experiments.report.page import drawing
from experiments.report.page.cells import file_cell, is_number, is_text, shortened
from experiments.report.page.common import (
    figure_text,
    made_by,
    note_points,
    sentence,
    settings_sections,
)
from experiments.report.page.document import Cell, Column, Document, Picture, Section, Table


def doubts_page(found: Doubts, content: Mapping[str, Any], *, worst: int) -> Document:
    """The page of judged rows.

    Args:
        found: the rows and what is said of them.
        content: what result.json holds.
        worst: rows that are shown.
    """
    margins = drawing.svg(doubts.histogram(found), "margins")
    drawn = Picture("histogram of the margins, with the cut", svg=margins)
    points = [
        ("How rows were judged.", sentence(doubts.headline(found))),
        ("How well such rows are found.", sentence(doubts.trust(found))),
        *note_points(content["notes"]),
    ]
    return Document(
        title=f"Which rows are wrong? {found.rows.dataset.name}",
        answer=_answer(found),
        sections=[
            *([_parties(found)] if len(found.rows.parties) > 1 else []),
            worst_section(found, worst),
            Section("All margins", pictures=[drawn]),
            *([_views(found)] if found.views else []),
            Section("What to trust, and why", points=points),
            *settings_sections(content),
        ],
        made=made_by(content),
    )


def _answer(found: Doubts) -> list[str]:
    dropped, number = int(found.cut.dropped.sum()), len(found.rows.dataset)
    if not dropped:
        return [f"None of {number:,} rows has doubtful {found.what}."]
    lines = [f"{dropped:,} of {number:,} rows have doubtful {found.what}."]
    worst = found.party_frame().iloc[0]
    if len(found.rows.parties) > 1:
        lines.append(
            f"Most of them, for its size, are {worst['party']}'s: {worst['dropped']:,} of "
            f"{worst['rows']:,} ({worst['share']:.1%})."
        )
    return [*lines, "Look at them before you drop them: a rare row is doubted as a wrong one is."]


def _parties(found: Doubts) -> Section:
    rows = [
        [
            Cell(str(row["party"])),
            Cell(f"{row['rows']:,}", row["rows"]),
            Cell(f"{row['dropped']:,}", row["dropped"]),
            Cell(f"{row['share']:.1%}", row["share"]),
        ]
        for row in found.party_frame().to_dict("records")
    ]
    columns = [Column("party", False), Column("rows"), Column("doubtful"), Column("share")]
    return Section("Whose they are", tables=[Table("Doubtful rows by party", columns, rows)])


def worst_section(found: Doubts, worst: int) -> Section:
    """The most doubtful rows: images drawn, others with the cells of their file, texts quoted."""
    places = found.order[:worst]
    title = f"The {len(places)} most doubtful rows"
    if found.has_images:
        said = ["label → what the others suggest"]
        return Section(title, texts=said, pictures=_drawn(found, places))
    cells = found.own.cells.iloc[places]
    texts = [name for name in cells if cells[name].map(is_text).any()]
    table = _listed(found, places, cells.drop(columns=texts))
    return Section(title, tables=[table], quotes=list(_quoted(found, places, cells[texts])))


def _drawn(found: Doubts, places: Int[np.ndarray, " r"]) -> list[Picture]:
    inputs, records = found.rows.dataset.inputs, _records(found, places)
    return [
        Picture(f"row {row['line']}", uri=drawing.image_uri(inputs[place]), caption=_caption(row))
        for place, row in zip(places, records, strict=True)
    ]


def _listed(found: Doubts, places: Int[np.ndarray, " r"], cells: pd.DataFrame) -> Table:
    own = [[file_cell(value) for value in row] for row in cells.to_numpy(dtype=object)]
    rows = [
        [Cell(str(row["line"]), row["line"]), *(Cell(str(row[name])) for name in _TEXTS),
         Cell(figure_text(row["margin"]), row["margin"]), *rest]
        for row, rest in zip(_records(found, places), own, strict=True)
    ]  # fmt: skip
    heads = [Column("line"), *(Column(name.replace("_", " "), False) for name in _TEXTS)]
    heads += [Column("margin", hint="low is doubtful")]
    heads += [Column(str(name), bool(cells[name].map(is_number).all())) for name in cells]
    return Table("Lines of the file, counted from 1 with its header", heads, rows)


def _quoted(
    found: Doubts, places: Int[np.ndarray, " r"], cells: pd.DataFrame
) -> Iterator[tuple[str, str]]:
    """Long texts of the rows, each with where it stands and what is doubted."""
    for row, texts in zip(_records(found, places), cells.to_numpy(dtype=object), strict=True):
        for name, text in zip(cells, texts, strict=True):
            if isinstance(text, str) and text.strip():
                yield f"“{shortened(text.strip())}”", f"{name}, {_caption(row)}"


def _records(found: Doubts, places: Int[np.ndarray, " r"]) -> list[dict[Any, Any]]:
    frame = found.frame().iloc[places]
    return frame.assign(name=found.names(places)).to_dict("records")


def _caption(row: Mapping[Any, Any]) -> str:
    return f"{row['name']}: {row['label']} → {row['suggested_label']}"


def _views(found: Doubts) -> Section:
    """What the validation set says of the rows, against their margins."""
    drawn = drawing.svg(doubts.views_of(found), "views")
    picture = Picture("values on the validation set against the margins", svg=drawn)
    lines = [sentence(line) for line in doubts.view_lines(found)]
    return Section("By the validation set", texts=lines, pictures=[picture])


_TEXTS = ("party", "label", "suggested_label")
