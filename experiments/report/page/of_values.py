"""The page of a valuation: who is worth most, how sure that is, and why."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from davinz_jax.plots import MOST_BARS, TERM_CAPTIONS, add_opinion, values_figure
from davinz_jax.semivalues import Valuation
from experiments.report import all_rows, certainty
from experiments.report.doubts import Doubts
from experiments.report.judged import Explained
from experiments.report.opinions import Opinion, rank_text
from experiments.report.page import drawing
from experiments.report.page.common import (
    figure_text,
    join_names,
    made_by,
    note_points,
    settings_sections,
)
from experiments.report.page.document import (
    Bar,
    Cell,
    Column,
    Document,
    Part,
    Picture,
    Section,
    Table,
)
from experiments.report.page.of_doubts import worst_section
from experiments.report.page.of_explained import worst_predicted_section
from experiments.report.values import Run

MOST_ROWS = 60
"""Most players that a page lists: as many of the best as of the worst; values.csv has all."""

SOURCES = {
    "initialisation": "the draw of the network's weights",
    "sampling": "the coalitions that were sampled",
    "validation": "the draw of the validation rows",
    "kernel": "rounding in the kernel",
    "sketch": "the sketch of the kernel",
}


def values_page(
    run: Run,
    content: Mapping[str, Any],
    *,
    level: float,
    found: Doubts | None = None,
    worst: int = 0,
    judged: Sequence[Explained] = (),
) -> Document:
    """The page of a valuation of parties or rows.

    Args:
        run: what was valued.
        content: what result.json holds.
        level: coverage of the intervals.
        found: what all other rows say of each row, where that is known.
        worst: rows most doubted that are shown.
        judged: the validation rows predicted worst, where values to each row were kept.
    """
    sections = [] if run.sums is None else [_sums_section(run, level)]
    sections.append(_values_section(run, level))
    if run.opinion is not None:
        sections.append(_opinion_section(run, run.opinion, level))
    if found is not None:
        sections.append(worst_section(found, worst))
    if judged:
        sections.append(worst_predicted_section(judged, len(run.context.dataset.validation)))
    sections.append(Section("What to trust, and why", points=list(_trust(run, content, level))))
    return Document(
        title=f"What the data is worth: {run.title}",
        answer=_answer(run, level),
        sections=[*sections, *settings_sections(content)],
        made=made_by(content),
    )


def _answer(run: Run, level: float) -> list[str]:
    frame = (run.valuation if run.sums is None else run.sums).to_frame(level)
    frame = frame.sort_values("value", ascending=False)
    records: list[dict[Any, Any]] = frame.to_dict("records")
    first, last = records[0], records[-1]
    if len(frame) == 1:
        lines = [f"{first['player']} is worth {_worth(first)}."]
    else:
        lines = [
            f"{first['player']} is worth most{_doubt(first, 1)}; "
            f"{last['player']} is worth least{_doubt(last, len(frame))}.",
            f"{first['player']}: {_worth(first)}. {last['player']}: {_worth(last)}.",
        ]
    return [
        *lines,
        *_below_zero(frame),
        *_pairs(run, level),
        *_second(run),
        *_told(run),
        *_all_rows(run),
    ]


def _second(run: Run) -> list[str]:
    """Where a second opinion parts from the first, and what to do."""
    return run.opinion.sentences() if run.opinion is not None and run.opinion.parts else []


def _told(run: Run) -> list[str]:
    """Whether the values may be believed, where that was looked into."""
    return [] if run.told is None else [run.told.sentence]


def _all_rows(run: Run) -> Iterator[str]:
    """How good all rows are together."""
    if run.set_score is not None:
        text = all_rows.sentence(run.set_score)
        yield f"{text[0].upper()}{text[1:]}."


def _worth(row: Mapping[Any, Any]) -> str:
    value = figure_text(row["value"])
    if np.isnan(row["low"]):
        return value
    return f"{value}, between {figure_text(row['low'])} and {figure_text(row['high'])}"


def _doubt(row: Mapping[Any, Any], place: int) -> str:
    """Whether a first or last place might be another."""
    low, high = int(row["rank_low"]), int(row["rank_high"])
    return "" if low == high == place else f" (place {low} to {high})"


def _below_zero(frame: pd.DataFrame) -> Iterator[str]:
    harmful = frame[(frame["high"] < 0) | (frame["high"].isna() & (frame["value"] < 0))]
    names = [str(name) for name in harmful["player"][::-1]]
    if 0 < len(names) < len(frame):
        word = "is" if len(names) == 1 else "are"
        yield f"{join_names(names)} {word} worth less than nothing: others do better without."


def _pairs(run: Run, level: float) -> Iterator[str]:
    """How many pairs may be worth the same."""
    number = len(run.valuation.players)
    if run.sums is not None or number < 2 or np.isnan(run.valuation.stderr).all():
        return
    doubtful, every = len(run.valuation.not_separable(level)), number * (number - 1) // 2
    if doubtful:
        yield f"Of {every} pairs, {doubtful} cannot be told apart at {level:.0%}, all together."
    else:
        yield f"All {every} pairs are told apart at {level:.0%}, all together."


def _values_section(run: Run, level: float) -> Section:
    frame = run.frame(level)
    kind = "row" if run.values_rows else "party"
    table = _table(frame, run.valuation.terms, level, kind, run)
    if len(frame) <= MOST_BARS:
        return Section("Values", tables=[table])
    figure = values_figure(frame, run.valuation.terms, title="", level=level)
    picture = Picture(
        f"curve of {len(frame):,} values, the best first", svg=drawing.svg(figure, "values")
    )
    return Section("Values", tables=[table], pictures=[picture])


def _opinion_section(run: Run, opinion: Opinion, level: float) -> Section:
    """Both opinions, drawn side by side."""
    frame = run.frame(level)
    figure = values_figure(frame, run.valuation.terms, title=opinion.first_name, level=level)
    add_opinion(figure, frame, by=opinion.name, level=level)
    picture = Picture(
        f"values by {opinion.first_name}, and beside them by {opinion.name}",
        svg=drawing.svg(figure, "opinions"),
    )
    took = f"It took {opinion.seconds:.1f} seconds; second_opinion=false leaves it out."
    said = " ".join([*opinion.sentences(), took])
    return Section(f"A second opinion: {opinion.name}", texts=[said], pictures=[picture])


def _sums_section(run: Run, level: float) -> Section:
    table = _table(run.sums_frame(level), run.valuation.terms, level, "party", None)
    said = "The sum of a party's rows is not its worth as one player; both are of use."
    return Section("By party, as the sum of rows", texts=[said], tables=[table])


def _table(
    frame: pd.DataFrame, terms: Sequence[str], level: float, kind: str, run: Run | None
) -> Table:
    shown, after = frame, ""
    if len(frame) > MOST_ROWS:
        half = MOST_ROWS // 2
        shown = pd.concat([frame.head(half), frame.tail(half)])
        after = f"The {half} best and worst of {len(frame):,}; values.csv has all."
    columns = [
        Column(kind, False),
        Column("value", hint="in the unit of the utility"),
        Column(f"{level:.0%} interval", False, "of each by itself; mark: value; colours: parts"),
        Column("rank", hint="1 is the best; in brackets the places it may have, for all together"),
        Column("± standard error"),
        Column("rows"),
    ]
    if "second_rank" in frame:
        hint = "by the second opinion; in brackets the places it may have, for all together"
        columns.append(Column("second rank", hint=hint))
    extra = [name for name in ("party", "label") if run is not None and name in frame]
    columns += [Column(name, False) for name in extra]
    rows = [
        _row(record, terms) + [Cell(str(record[name])) for name in extra]
        for record in shown.to_dict("records")
    ]
    return Table(f"Value of each {kind}, the best first", columns, rows, after)


def _row(record: Mapping[Any, Any], terms: Sequence[str]) -> list[Cell]:
    span = f"{record['rank']}"
    if record["rank_low"] != record["rank_high"]:
        span += f" ({record['rank_low']}–{record['rank_high']})"
    has_error = not np.isnan(record["low"])
    low, high = (record["low"], record["high"]) if has_error else (None, None)
    parts = [Part(TERM_CAPTIONS.get(term, term), record[term]) for term in terms]
    bar = Bar(record["value"], low, high, parts if len(parts) > 1 else ())
    error = record["stderr"]
    return [
        Cell(str(record["player"])),
        Cell(figure_text(record["value"]), record["value"]),
        Cell(bar.text, record["value"], bar),
        Cell(span, record["rank"]),
        Cell("not measured", -1.0) if np.isnan(error) else Cell(f"{error:.2g}", error),
        Cell(f"{record['num_rows']:,}", record["num_rows"]),
        *([Cell(rank_text(record), record["second_rank"])] if "second_rank" in record else []),
    ]


def _trust(run: Run, content: Mapping[str, Any], level: float) -> Iterator[tuple[str, str]]:
    """Statements on what the numbers hold, each with its reason."""
    yield from _errors(run.valuation)
    pairs = run.valuation.not_separable(level) if run.sums is None else ()
    if pairs and not np.isnan(run.valuation.stderr).all():
        yield (
            "Some players may be worth the same.",
            f"At {level:.0%}, all pairs together, these cannot be told apart: "
            + join_names([f"{one} and {other}" for one, other in pairs], most=8)
            + ".",
        )
    if scarce := certainty.scarce_note(run.valuation):
        yield "Some values hang on few samples.", scarce + "."
    validation = run.context.dataset.validation
    has_labels = validation.targets is not None
    yield (
        f"“Good” means good on {len(validation):,} validation rows.",
        ("They have labels. " if has_labels else "They have no labels, so that none is checked. ")
        + "What is rare among them counts for little here.",
    )
    yield from note_points(content["notes"])


def _errors(valuation: Valuation) -> Iterator[tuple[str, str]]:
    """Which sources of error the intervals hold, the largest first."""
    frame = valuation.to_frame()
    found: dict[str, float] = {}
    for column in frame.filter(like="stderr_"):
        share = float(np.nanmean(np.square(frame[column]))) if frame[column].notna().any() else 0.0
        if share > 0:
            found[str(column).removeprefix("stderr_")] = share
    if not found:
        yield (
            "No error is shown.",
            "The values are exact for this data, this network and these validation rows; how they "
            "would change with others was not measured.",
        )
        return
    largest_first = sorted(found, key=lambda name: -found[name])
    names = [SOURCES.get(name, name) for name in largest_first]
    largest = max(found.values()) / sum(found.values())
    yield (
        f"The intervals cover {join_names(names)}.",
        f"{largest:.0%} of the variance comes from {names[0]}. What is not named is not covered.",
    )
