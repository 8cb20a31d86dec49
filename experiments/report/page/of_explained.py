"""The page of one validation row, and a valuation's section on those that are predicted worst."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Int, Num
from matplotlib.figure import Figure

from davinz_jax.data import Dataset
from davinz_jax.data.tokens import read_tokenizer
from experiments.report import certainty
from experiments.report.judged import Explained
from experiments.report.page import drawing
from experiments.report.page.cells import file_cell, is_text, shortened
from experiments.report.page.common import figure_text, made_by, sentence, settings_sections
from experiments.report.page.document import Bar, Cell, Column, Document, Picture, Section, Table
from experiments.runtime.own_rows import OwnRows

MOST_COLUMNS = 12
"""Columns of a table that are set side by side."""

TITLES = {"helped": "Who helped", "hurt": "Who hurt"}


def explained_page(
    found: Explained, figure: Figure | None, own: OwnRows | None, content: Mapping[str, Any]
) -> Document:
    """The page of one validation row.

    Args:
        found: the row and what players are worth to it.
        figure: the players' values drawn; None where the players are pictures.
        own: the valued rows as their source has them, whose long texts are quoted.
        content: what result.json holds.
    """
    sections = [_of_row(found, own)]
    sections += [_side(found, word, side, own) for word, side in found.sides.items()]
    if figure is not None:
        drawn = Picture("who helped and who hurt", svg=drawing.svg(figure, "explained"))
        sections.append(Section("Figure", pictures=[drawn]))
    return Document(
        title=f"What helped, and what hurt, {found.name}?",
        answer=[sentence(text) for text in found.sentences()],
        sections=[
            *sections,
            Section("What to trust, and why", points=trust(found)),
            *settings_sections(content),
        ],
        made=made_by(content),
    )


def trust(found: Explained) -> list[tuple[str, str]]:
    """What values to one row hold and do not."""
    errors = (
        f"They hold one by one at {found.level:.0%}. Neither the draw of a network nor rounding is "
        "in them, and the validation row is taken as given."
    )
    return [
        (
            "A value to a row is a share of the value.",
            "What a player is worth is the mean, over all validation rows, of what it is worth to "
            "each. One row is one case: a player that hurts it may help others.",
        ),
        ("Intervals cover the coalitions that were sampled.", errors)
        if found.is_sampled
        else ("No error is shown.", "These values are exact; only sampled ones have intervals."),
        *_scarce(found),
    ]


def _scarce(found: Explained) -> list[tuple[str, str]]:
    """What the values' own errors allow for and intervals of one row do not."""
    if not (said := certainty.scarce_note(found.valuation)):
        return []
    reason = f"Of the values themselves, {said}. Intervals of one row are not widened so."
    return [("Rare samples may have been missed.", reason)]


def _of_row(found: Explained, own: OwnRows | None) -> Section:
    """The validation row itself."""
    title, image = "The validation row", found.image
    if image is not None:
        drawn = Picture(found.name, uri=drawing.image_uri(image), caption=found.prediction)
        return Section(title, pictures=[drawn])
    dataset, row = found.rows.dataset, found.row
    cells = columns_of(dataset, dataset.validation.inputs[row : row + 1])
    quotes = [] if own is None or dataset.folds is None else _quotes(own, [row], [found.name])
    tables = [] if cells.empty else [_plain_table(found.name, cells)]
    return Section(title, texts=[sentence(found.prediction)], tables=tables, quotes=quotes)


def _side(found: Explained, word: str, side: pd.DataFrame, own: OwnRows | None) -> Section:
    """Players of one side: images where there are any, else a table with the rows' columns."""
    title, records = TITLES[word], side.to_dict("records")
    if not records:
        return Section(title, texts=[f"No one {word}."])
    if not found.is_drawn:
        quotes = []
        if found.values_rows and own is not None:
            quotes = _quotes(own, side["place"].tolist(), [found.call(each) for each in records])
        return Section(title, tables=[_listed(found, side)], quotes=quotes)
    pictures = [
        Picture(found.call(each), uri=drawing.image_uri(image), caption=caption(found, each))
        for each, image in zip(records, found.images(side), strict=True)
    ]
    return Section(title, pictures=pictures)


def caption(found: Explained, player: Mapping[Any, Any]) -> str:
    """What a player is called, and its value to the row."""
    return f"{found.call(player)}: {found.worth(player)}"


def _listed(found: Explained, side: pd.DataFrame) -> Table:
    """Players with their values, and the columns that a kernel of raw rows sees."""
    dataset, extra = found.rows.dataset, pd.DataFrame(index=range(len(side)))
    if found.values_rows:
        extra = columns_of(dataset, dataset.inputs[side["place"].to_numpy()])
    known = [name for name in ("line", "party", "label") if name in side]
    heads = [Column("player", False), Column("value to this row"),
             Column(f"{found.level:.0%} interval", False), *(Column(each, False) for each in known),
             *(Column(str(name)) for name in extra)]  # fmt: skip
    rows = [
        [*_figures(player), *(Cell(str(player[name])) for name in known),
         *(file_cell(value) for value in values)]
        for player, values in zip(side.to_dict("records"), extra.to_numpy(object), strict=True)
    ]  # fmt: skip
    return Table("The first the most", heads, rows)


def _figures(player: Mapping[Any, Any]) -> list[Cell]:
    value, low, high = (player[name] for name in ("value", "low", "high"))
    bar = Bar(value, low, high) if high > low else Bar(value)
    return [Cell(str(player["player"])), Cell(figure_text(value), value),
            Cell(bar.text, value, bar)]  # fmt: skip


def _plain_table(name: str, cells: pd.DataFrame) -> Table:
    rows = [[file_cell(value) for value in row] for row in cells.to_numpy(object)]
    return Table(name.capitalize(), [Column(str(each)) for each in cells], rows)


def _quotes(own: OwnRows, places: Sequence[int], names: Sequence[str]) -> list[tuple[str, str]]:
    """Long texts of rows, each with whose it is."""
    cells = own.cells.iloc[list(places)]
    texts = [name for name in cells if cells[name].map(is_text).any()]
    return [
        (f"“{shortened(str(text).strip())}”", f"{column}, {name}")
        for column in texts
        for name, text in zip(names, cells[column], strict=True)
    ]


def columns_of(dataset: Dataset, inputs: Num[np.ndarray, "r ..."]) -> pd.DataFrame:
    """The texts of rows, or their first columns in the unit of their table; empty without."""
    if dataset.input_kind == "tokens":
        return pd.DataFrame({"text, as the network reads it": _texts(dataset, inputs)})
    if inputs.ndim != 2 or not dataset.feature_names:
        return pd.DataFrame(index=range(len(inputs)))
    by_name = dict(zip(dataset.feature_names, inputs.T.astype(np.float64), strict=True))
    found: dict[str, Any] = {}
    for column in (dataset.encoding or {}).get("columns", ()):
        found[column["name"]] = _decoded(column, by_name)
    found = found or by_name
    return pd.DataFrame(dict(list(found.items())[:MOST_COLUMNS]))


def _texts(dataset: Dataset, inputs: Int[np.ndarray, "r t"]) -> list[str]:
    """Texts of rows of tokens; their ids, where the tokenizer is no longer there."""
    encoding = dataset.encoding or {}
    try:
        maker = read_tokenizer(encoding["tokenizer"], max_tokens=encoding["max_tokens"])
        return maker.decode(inputs)
    except (OSError, KeyError):
        return [" ".join(map(str, row)) for row in inputs]


def _decoded(column: Mapping[str, Any], by_name: Mapping[str, np.ndarray]) -> np.ndarray:
    """A column of the table, from the input columns that it became."""
    name = column["name"]
    if "categories" not in column:
        return by_name[name] * column["scale"] + column["mean"]
    marks = np.array([by_name[f"{name}={each}"] for each in column["categories"]])
    words = np.array(column["categories"], dtype=object)[marks.argmax(0)]
    return np.where(marks.max(0) > 0, words, "")


def worst_predicted_section(found: Sequence[Explained], total: int) -> Section:
    """The validation rows that are predicted worst, each with who hurt and who helped it most.

    Args:
        found: these rows, the worst first.
        total: validation rows in all.
    """
    texts = [
        f"The {len(found)} of {total:,} validation rows with the lowest scores, each with the "
        "players that hurt and helped its prediction most; experiments.explain run=… row=… tells "
        "all of one row."
    ]
    table = _worst_table(found)
    pictures = [picture for each in found for picture in _drawn(each)]
    return Section("Validation rows predicted worst", texts, tables=[table], pictures=pictures)


def _worst_table(found: Sequence[Explained]) -> Table:
    heads = [Column("validation row", False), *(Column(n, False) for n in ("label", "predicted")),
             Column("score"), Column("hurt most", False), Column("helped most", False)]  # fmt: skip
    rows = [
        [Cell(each.name, each.row), Cell(str(each.judged.get("label", ""))),
         Cell(str(each.judged["predicted_label"])),
         Cell(figure_text(each.judged["score"]), each.judged["score"]),
         *(Cell(_first_of(each, each.sides[side])) for side in ("hurt", "helped"))]
        for each in found
    ]  # fmt: skip
    return Table("The worst first", heads, rows)


def _first_of(found: Explained, side: pd.DataFrame) -> str:
    return "; ".join(caption(found, player) for player in side.head(2).to_dict("records"))


def _drawn(found: Explained) -> Iterator[Picture]:
    """A validation row and the rows of its sides, where they are images."""
    if found.image is None or not found.values_rows:
        return
    yield Picture(found.name, uri=drawing.image_uri(found.image), caption=found.prediction)
    for word in ("hurt", "helped"):
        side = found.sides[word].head(2)
        for player, image in zip(side.to_dict("records"), found.images(side), strict=True):
            text = f"{word}: {caption(found, player)}"
            yield Picture(text, uri=drawing.image_uri(image), caption=text)
