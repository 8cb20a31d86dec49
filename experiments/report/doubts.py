"""Rows judged by all others, as a person and a program read them: a table, files, result.json."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Int, Num
from matplotlib.figure import Figure

from davinz_jax.data import Dataset
from davinz_jax.detection import Cut, RowCheck
from davinz_jax.evaluation import detection_auc, detection_f1, recall_at_count
from davinz_jax.files import Writer, write_whole
from davinz_jax.plots import margins_figure, rows_figure, views_figure
from experiments.report import plots, views
from experiments.report.views import RowView
from experiments.runtime import console, jobs, outputs
from experiments.runtime.context import Rows
from experiments.runtime.own_rows import OwnRows
from experiments.runtime.schema.detect import What

COLUMNS = ("line", "party", "label", "suggested_label", "margin", "dropped")
"""First columns of rows.csv; the source's own follow."""

WORST_ROWS = "worst_rows.csv"
MOST_PARTIES = 30
MOST_SHOWN = 8
RULES = {
    "two_means": "two means, which part large costs from small ones whether or not rows are wrong",
    "rate": "the rate {rate:g} that was given",
    "false_discovery": "a fitted mixture, {expected_false_discoveries:.1%} of those dropped "
    "expected to be clean (at most {bound:g})",
}


@dataclass(frozen=True)
class Doubts:
    """What all other rows say of each row, and which are dropped.

    Attributes:
        rows: the rows, with their lines.
        own: the rows as their source has them.
        what: what is doubted.
        kernel: what they were judged by.
        check: margins, costs, suggestions.
        cut: the rows dropped.
        seconds: time of each stage.
        seed: seed of every random choice.
        views: what a labelled validation set says of each row, where there is one.
    """

    rows: Rows
    own: OwnRows
    what: What
    kernel: Mapping[str, Any]
    check: RowCheck
    cut: Cut
    seconds: Mapping[str, float]
    seed: int
    views: tuple[RowView, ...] = ()

    @property
    def order(self) -> Int[np.ndarray, " n"]:
        """Rows, the most doubtful first."""
        return np.argsort(self.check.margin, kind="stable")

    @property
    def has_images(self) -> bool:
        """Whether rows can be drawn."""
        return self.rows.dataset.inputs.ndim == 4

    def names(self, places: Int[np.ndarray, " r"]) -> list[str]:
        """Where rows stand in their source, after what they are called there if they are."""
        dataset = self.rows.dataset.numbered().take(places)
        assert dataset.lines is not None
        lines = [f"line {line}" for line in dataset.lines]
        if dataset.ids is None:
            return lines
        return [f"{name} ({line})" for name, line in zip(dataset.ids, lines, strict=True)]

    def frame(self) -> pd.DataFrame:
        """One line a row in the source's order, with the columns that rows.csv begins with.

        Six, then one for each view.
        """
        dataset, parties = self.rows.dataset, self.rows.parties
        valued = {view.name: view.values for view in self.views}
        return pd.DataFrame(
            {
                "line": dataset.lines,
                "party": np.array(parties.names)[parties.indices],
                "label": label_names(dataset, dataset.targets),
                "suggested_label": label_names(dataset, self.check.suggested),
                "margin": self.check.margin,
                "dropped": self.cut.dropped,
                **valued,
            }
        )

    def party_frame(self) -> pd.DataFrame:
        """Rows, dropped rows and their share by party, the largest share first."""
        groups = self.frame().groupby("party", sort=False)["dropped"]
        counts = groups.agg(rows="size", dropped="sum", share="mean").reset_index()
        return counts.sort_values(["share", "party"], ascending=[False, True], ignore_index=True)


def label_names(dataset: Dataset, targets: Num[np.ndarray, " n"]) -> np.ndarray:
    """Names of classes, or numbers in the unit of the source."""
    if dataset.task == "classification":
        return np.array(dataset.class_names or range(dataset.num_classes))[targets]
    encoding = dataset.encoding or {}
    scale, mean = encoding.get("target_scale", 1.0), encoding.get("target_mean", 0.0)
    return np.array([float(f"{x:.6g}") for x in targets.astype(np.float64) * scale + mean])


def with_own_columns(frame: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    """The frame, then the source's columns; one whose name is taken is called file.NAME."""
    taken, names = set(frame.columns), []
    for name in map(str, cells.columns):
        while name in taken:
            name = f"file.{name}"
        names.append(name)
        taken.add(name)
    return pd.concat([frame, cells.set_axis(names, axis=1)], axis=1)


def summary(found: Doubts) -> dict[str, Any]:
    """How rows were judged, as result.json holds it."""
    return {
        "kernel": dict(found.kernel),
        "ridge": found.check.curves[0].describe(),
        "leave_one_out": _leave_one_out(found),
        "detection": detection(found),
    }


def result(found: Doubts, config: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that result.json holds; a missing number is null, never NaN."""
    dataset = found.rows.dataset
    cut = found.cut.describe()
    if not found.cut.dropped.any():
        cut["threshold"] = None
    return {
        "what": str(found.what),
        "num_rows": len(dataset),
        **summary(found),
        "cut": cut,
        "parties": found.party_frame().to_dict("records"),
        "views": view_details(found),
        "seed": found.seed,
        "notes": list(dataset.notes),
        "config": config,
        "overrides": jobs.overrides(),
        "versions": outputs.versions(),
        "data_sha256": dataset.sha256(),
        "seconds": found.seconds,
    }


def detection(found: Doubts) -> dict[str, float] | None:
    """How well the rows spoilt on purpose were found; None where there are none."""
    corrupted, margin = found.rows.corrupted, found.check.margin
    if not corrupted.any() or corrupted.all():
        return None
    return {
        "num_corrupted": int(corrupted.sum()),
        "auc": detection_auc(margin, corrupted),
        "f1": detection_f1(found.cut.dropped, corrupted),
        "recall_at_count": recall_at_count(margin, corrupted),
    }


def view_details(found: Doubts) -> dict[str, Any]:
    """How each view was found, agrees with the margins, and finds rows spoilt on purpose."""
    corrupted, margin = found.rows.corrupted, found.check.margin
    return {view.name: view.describe(margin, corrupted) for view in found.views}


def view_lines(found: Doubts) -> list[str]:
    """One line a view."""
    details = view_details(found)
    return [views.sentence(view, details[view.name]) for view in found.views]


def _leave_one_out(found: Doubts) -> dict[str, float]:
    targets, suggested = found.rows.dataset.targets, found.check.suggested
    if found.rows.dataset.task == "classification":
        return {"accuracy": float((suggested == targets).mean())}
    error = float(np.square(suggested - targets).mean() / targets.var())
    return {"explained_share": 1 - error}


def show(found: Doubts, worst: int) -> None:
    """Print how many rows are doubtful and by what, whose they are, and which ones."""
    dataset = found.rows.dataset
    for text in dataset.notes:
        console.note(text)
    console.say(headline(found))
    console.say(trust(found))
    _print_parties(found.party_frame())
    if not found.has_images:
        _print_rows(found, worst)
    if (scores := detection(found)) is not None:
        console.say(detection_line(scores))
    for line in view_lines(found):
        console.say(f"by the validation set, {line}")


def show_worst(found: Doubts, worst: int) -> None:
    """Print, in one line, which rows are most doubtful."""
    worst = min(worst, len(found.check.margin))
    names = found.names(found.order[:worst][:MOST_SHOWN])
    shown = ", ".join(names) + (", ..." if worst > MOST_SHOWN else "")
    console.say(
        f"{worst} rows whose labels the others doubt most, the first the worst: {shown}; "
        f"{WORST_ROWS} has them, experiments.detect judges all"
    )
    if (scores := detection(found)) is not None:
        console.say(detection_line(scores))


def detection_line(scores: Mapping[str, float]) -> str:
    """How well rows spoilt on purpose are found, in words."""
    return (
        f"{scores['num_corrupted']} rows were spoilt on purpose; finding them: AUC "
        f"{scores['auc']:.3f}, F1 of the cut {scores['f1']:.3f}, recall at their number "
        f"{scores['recall_at_count']:.3f}"
    )


def headline(found: Doubts) -> str:
    """How many rows are dropped, by which rule and kernel."""
    dropped, curve = int(found.cut.dropped.sum()), found.check.curves[0]
    blocks = found.kernel["num_blocks"]
    parts = f" in {blocks} blocks" if blocks > 1 else ""
    return (
        f"{found.rows.dataset.name}: {dropped:,} of {len(found.rows.dataset):,} rows have doubtful "
        f"{found.what}, by {RULES[found.cut.rule].format(**found.cut.details)}; kernel "
        f"{found.kernel['kernel']}{parts}, ridge {curve.relative_ridge:.3g} × mean diagonal by "
        "leave-one-out error"
    )


def trust(found: Doubts) -> str:
    """One sentence on how well rows of this kind are found."""
    (name, share), *_ = _leave_one_out(found).items()
    said = f"without each row, the others tell its target: {name} {share:.3f}"
    kind = found.what if found.what == What.inputs else found.rows.dataset.task
    return f"{said}; measured with kernel=rbf: {TRUST[str(kind)]}"


TRUST = {
    "classification": "where 10% of labels were flipped (digits, breast cancer, wine), AUC was "
    ".994 to 1.000 and F1 of two means .89 to .99; of clean rows, two means drop 4 to 10%, "
    "cut=fdr none",
    "regression": "where 10% of numbers were wrong (diabetes, Friedman's, digits' values), AUC was "
    ".998 to 1.000 for errors of 3 standard deviations, .73 to .98 for 1, and .67 to .86 for "
    "numbers taken from other rows: small errors stay hidden",
    "inputs": "where 10% of rows had noise of 1 standard deviation (digits, breast cancer, wine), "
    "AUC was .96 to 1.00, of half of it .79 to 1.00: noise that stays within the usual range "
    "is not found",
}
"""Means of five draws with kernel=rbf, by what is doubted."""


def _print_parties(frame: pd.DataFrame) -> None:
    rows = [
        [str(row["party"]), f"{row['rows']:,}", f"{row['dropped']:,}", f"{row['share']:.1%}"]
        for row in frame.head(MOST_PARTIES).to_dict("records")
    ]
    title = "doubtful rows by party"
    if len(frame) > MOST_PARTIES:
        title += f" (the first {MOST_PARTIES} of {len(frame)})"
    console.table(title, ["party", "rows", "dropped", "share"], rows)


def _print_rows(found: Doubts, worst: int) -> None:
    listed = found.frame().iloc[found.order[:worst]]
    rows = [
        [str(row["line"]), str(row["party"]), str(row["label"]), str(row["suggested_label"]),
         f"{row['margin']:+.3f}", "yes" if row["dropped"] else "no"]
        for row in listed.to_dict("records")
    ]  # fmt: skip
    console.table("most doubtful rows", ["line", *COLUMNS[1:]], rows)


def save(
    found: Doubts,
    content: Mapping[str, Any],
    folder: Path,
    worst: int,
    pages: Mapping[str, Writer],
) -> None:
    """Write the run's files and pages, whole or not at all; result.json comes last, as the seal."""
    dropped, own = found.cut.dropped, found.own
    order = np.argsort(found.frame()["line"].to_numpy(), kind="stable")
    writers = {
        "rows.csv": outputs.csv_writer(listed_rows(found, order)),
        f"keep{own.ending}": own.writer(~dropped),
        f"drop{own.ending}": own.writer(dropped),
        "margins.png": partial(plots.save, histogram(found)),
        **pages,
    }
    if found.views:
        writers["views.png"] = partial(plots.save, views_of(found))
    if found.has_images:
        writers["worst.png"] = partial(plots.save, gallery(found, worst))
    write_whole(folder, writers | {outputs.RESULT: outputs.result_writer(content)})
    console.say(f"written to {folder}: {', '.join([*writers, outputs.RESULT])}")
    if own.remark:
        console.note(f"keep{own.ending} and drop{own.ending} hold {own.remark}")
    if own.has_formulas:
        console.note(
            f"keep{own.ending} and drop{own.ending} hold the source's cells as they are, some of "
            "which begin with = + - or @: a spreadsheet would compute them"
        )
    if found.rows.corrupted.any():
        console.note(f"keep{own.ending} and drop{own.ending} hold rows as they were, not spoilt")


def listed_rows(found: Doubts, places: Int[np.ndarray, " r"]) -> pd.DataFrame:
    """Rows as rows.csv has them: what is said of each, then the cells of its source."""
    frame = found.frame().assign(dropped=np.where(found.cut.dropped, "true", "false"))
    return with_own_columns(frame, found.own.cells).iloc[places]


def worst_writers(found: Doubts, worst: int) -> dict[str, Writer]:
    """Writers of the most doubtful rows, the first the worst: a table, and a figure of images."""
    listed = listed_rows(found, found.order[:worst])
    writers = {WORST_ROWS: outputs.csv_writer(listed)}
    if found.has_images:
        writers["worst_rows.png"] = partial(plots.save, gallery(found, worst))
    return writers


def histogram(found: Doubts) -> Figure:
    """The rows' margins, with the cut."""
    dropped = int(found.cut.dropped.sum())
    return margins_figure(
        found.check.margin,
        found.cut.dropped,
        corrupted=found.rows.corrupted if found.rows.corrupted.any() else None,
        title=f"{found.rows.dataset.name}: {dropped:,} of {len(found.rows.dataset):,} rows dropped",
        unit=UNITS[str(found.what if found.what == What.inputs else found.rows.dataset.task)],
    )


def views_of(found: Doubts) -> Figure:
    """Margins against what a validation set says."""
    return views_figure(
        found.check.margin,
        {view.title: view.values for view in found.views},
        dropped=found.cut.dropped,
        corrupted=found.rows.corrupted if found.rows.corrupted.any() else None,
        unit=UNITS[str(found.what if found.what == What.inputs else found.rows.dataset.task)],
    )


UNITS = {
    "classification": "margin: own label above the best other, by the other rows",
    "regression": "margin: minus the standardised residual's size",
    "inputs": "margin: minus the share of a row that the others do not span",
}


def gallery(found: Doubts, worst: int) -> Figure:
    """The most doubtful rows, drawn."""
    rows = found.order[:worst]
    frame = found.frame().iloc[rows]
    captions = [
        f"line {line}\n{label} → {suggested}"
        for line, label, suggested in zip(
            frame["line"], frame["label"], frame["suggested_label"], strict=True
        )
    ]
    title = "most doubtful rows: label → what the other rows suggest"
    return rows_figure(found.rows.dataset.inputs[rows], captions, title=title)
