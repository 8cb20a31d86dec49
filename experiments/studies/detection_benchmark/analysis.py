"""What draws say: means with errors, ranks over data sets, and figures published by others beside.

Ranks are of mean F1 on each data set, 1 the best. Whether two methods are told apart is Nemenyi's
test after Friedman's, as critical-difference diagrams have it (Demšar, JMLR 2006).
"""

import csv
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float, Int
from scipy.stats import rankdata

from davinz_jax.data import numpy_generator
from davinz_jax.evaluation.correlation import interval
from davinz_jax.extras import from_extra
from davinz_jax.types import PRNGKey
from experiments.studies.detection_benchmark.methods import METHODS
from experiments.studies.detection_benchmark.specs import (
    CLASSES,
    FEW_RATES,
    FEW_SEEDS,
    GENERATED,
    NOT_RANKED,
    NUMBERS,
)

Record = Mapping[str, Any]
"""A method on a draw: data, seed, noise, rate, method, f1, auc, seconds, recall."""

CELL = ("data", "noise", "rate", "method")
RANKED = tuple(name for name in CLASSES if name not in NOT_RANKED)
NOISE_NAMES = {"label": "noisy_label", "feature": "noisy_feature", "mixed": "mixed_noise"}
"""Kinds of noise as published tables name them."""


def grouped(records: Iterable[Record], *names: str) -> dict[tuple[Any, ...], list[Record]]:
    """Records by the fields named, in the order in which they come."""
    found: dict[tuple[Any, ...], list[Record]] = {}
    for record in records:
        found.setdefault(tuple(record[name] for name in names), []).append(record)
    return found


def mean_of(records: Iterable[Record], name: str) -> float:
    """Mean of a field."""
    return float(np.mean([record[name] for record in records]))


def stderr_of(records: Sequence[Record], name: str) -> float | None:
    """Standard error of the mean of a field; None of one record."""
    if len(records) < 2:
        return None
    return float(np.std([record[name] for record in records], ddof=1) / np.sqrt(len(records)))


def cells(records: Iterable[Record]) -> list[dict[str, Any]]:
    """Means over seeds of F1 and AUC with standard errors, and the median time, of each cell."""
    return [
        {
            **dict(zip(CELL, names, strict=True)),
            "count": len(part),
            "f1": mean_of(part, "f1"),
            "f1_stderr": stderr_of(part, "f1"),
            "auc": mean_of(part, "auc"),
            "auc_stderr": stderr_of(part, "auc"),
            "seconds": float(np.median([record["seconds"] for record in part])),
        }
        for names, part in grouped(records, *CELL).items()
    ]


def rank_families(
    records: Sequence[Record], *, key: PRNGKey, num_resamples: int, level: float
) -> list[dict[str, Any]]:
    """Ranks of methods over data sets, a family for each question.

    Families are: label noise, all methods, on the draws that all were run on; then each kind of
    noise, at all rates and seeds, the methods that were run on all of them.
    """
    few = [r for r in records if r["rate"] in FEW_RATES and r["seed"] < FEW_SEEDS]
    wanted = [
        (f"label noise, all methods, {FEW_SEEDS} seeds at 10 and 20 %", "label", "F1", few),
        ("label noise, all rates and seeds", "label", "F1", records),
        ("label noise, all rates and seeds, by AUC", "label", "AUC", records),
        ("feature noise, all rates and seeds", "feature", "F1", records),
        ("mixed noise, all rates and seeds", "mixed", "F1", records),
    ]
    found = []
    for title, noise, score, part in wanted:
        own = [r for r in part if r["noise"] == noise and r["data"] in RANKED]
        means = table_of_means(own, score.lower())
        if min(means.shape) > 1:
            ranks = ranked(means, key=key, num_resamples=num_resamples, level=level)
            found.append({"title": title, "noise": noise, "score": score, **ranks})
    return found


def table_of_means(records: Sequence[Record], score: str) -> pd.DataFrame:
    """Mean score of each data set (row) and method (column); methods run on all draws alone."""
    places, draws = grouped(records, "data", "method"), grouped(records, "data", "rate", "seed")
    counts = {data: sum(data == draw[0] for draw in draws) for data, *_ in draws}
    methods = [
        method
        for method in METHODS
        if all(len(places.get((data, method), ())) == count for data, count in counts.items())
    ]
    means = {
        method: [mean_of(places[data, method], score) for data in counts] for method in methods
    }
    return pd.DataFrame(means, index=pd.Index(list(counts)))


def ranked(
    scores: pd.DataFrame, *, key: PRNGKey, num_resamples: int, level: float
) -> dict[str, Any]:
    """Mean ranks with intervals over data sets, and what the first is not told apart from.

    Args:
        scores: of data sets (rows) and methods (columns), large is good.
        key: decides the resampled data sets.
        num_resamples: of them.
        level: coverage of the intervals; one less it, the error of the test.
    """
    with from_extra("benchmarks"):
        import scikit_posthocs

    table = scores.to_numpy(np.float64)
    ranks = ranks_by_data(table)
    generator = numpy_generator(key)
    drawn = generator.integers(0, len(ranks), (num_resamples, len(ranks)))
    resampled = np.stack([ranks[rows].mean(axis=0) for rows in drawn])
    chances = scikit_posthocs.posthoc_nemenyi_friedman(table).to_numpy(np.float64)
    methods, means = [str(name) for name in scores.columns], ranks.mean(axis=0)
    order = np.argsort(means, kind="stable")
    first = int(order[0])
    alike = [methods[i] for i in order[1:] if chances[first, i] >= 1 - level]
    return {
        "data": [str(name) for name in scores.index],
        "first": methods[first],
        "mean": dict(zip(methods, table.mean(axis=0).tolist(), strict=True)),
        "rank": {methods[i]: _limits(float(means[i]), resampled[:, i], level) for i in order},
        **_lead(table, methods, order, drawn, level),
        "chance": {methods[i]: dict(zip(methods, chances[i].tolist(), strict=True)) for i in order},
        "alike": alike,
    }


def ranks_by_data(scores: Float[np.ndarray, "d k"]) -> Float[np.ndarray, "d k"]:
    """Rank of each method on each data set, 1 the largest; equal ones share their mean rank."""
    return rankdata(-scores, axis=1)


def _lead(
    table: Float[np.ndarray, "d k"],
    methods: Sequence[str],
    order: Int[np.ndarray, " k"],
    drawn: Int[np.ndarray, "r d"],
    level: float,
) -> dict[str, Any]:
    """How far the best method of ours is ahead of the best rival, with an interval over data sets.

    Args:
        table: scores of data sets and methods.
        methods: their names.
        order: of their mean ranks.
        drawn: data sets of each resample.
        level: coverage of the interval.
    """
    ours = [int(i) for i in order if METHODS[methods[int(i)]].is_ours]
    rivals = [int(i) for i in order if not METHODS[methods[int(i)]].is_ours]
    if not ours or not rivals:
        return {}
    ahead = table[:, ours[0]] - table[:, rivals[0]]
    limits = _limits(float(ahead.mean()), ahead[drawn].mean(axis=1), level)
    return {"lead": {"ours": methods[ours[0]], "rival": methods[rivals[0]], "ahead": limits}}


def _limits(value: float, drawn: Float[np.ndarray, " r"], level: float) -> list[float]:
    found = interval(value, drawn, level)
    return [found.value, found.low, found.high]


def beside_published(records: Sequence[Record], path: Path) -> list[dict[str, Any]]:
    """Our own runs of methods beside figures published for the same data, where there are any.

    Args:
        records: one a draw and method.
        path: file of the published figures.
    """
    found = []
    for cell in cells(record for record in records if record["data"] in GENERATED):
        apart = hold_against(cell, METHODS[cell["method"]].published or "", path)
        if apart is not None:
            kept = {name: cell[name] for name in (*CELL, "count", "f1", "f1_stderr")}
            found.append(kept | apart)
    return found


def hold_against(cell: Record, name: str, path: Path) -> dict[str, float] | None:
    """A published figure with its standard error, and how far a cell is from it in both errors.

    Args:
        cell: data, noise, rate, mean F1 and its standard error.
        name: of the method among the published figures.
        path: file of the published figures.

    Returns:
        None where nothing was published, or the cell has no error.
    """
    wanted = NOISE_NAMES[cell["noise"]], cell["data"], cell["rate"], name
    row = next((row for row in read_published(path) if _place(row) == wanted), None)
    if row is None or cell["f1_stderr"] is None:
        return None
    stderr = float(row["sd"] / np.sqrt(row["num_runs"]))
    apart = float((cell["f1"] - row["f1"]) / np.hypot(stderr, cell["f1_stderr"]))
    return {"published": row["f1"], "published_stderr": stderr, "apart": apart}


@cache
def read_published(path: Path) -> list[dict[str, Any]]:
    """Published figures: noise, data, rate, method, mean F1, its deviation, and runs."""
    numbers = ("rate", "f1", "sd", "num_runs")
    with path.open(encoding="utf-8", newline="") as file:
        return [row | {name: float(row[name]) for name in numbers} for row in csv.DictReader(file)]


def _place(row: Record) -> tuple[str, str, float, str]:
    return row["noise"], row["data"], row["rate"], row["method"]


def best_published(path: Path) -> Mapping[tuple[str, str, float], tuple[str, float]]:
    """The best published figure of each kind of noise, data set and rate, with its method."""
    groups = grouped(read_published(path), "noise", "data", "rate")
    best = {place: max(rows, key=lambda row: row["f1"]) for place, rows in groups.items()}
    return {
        (noise, data, rate): (row["method"], row["f1"]) for (noise, data, rate), row in best.items()
    }


def recall_curves(
    records: Sequence[Record], rate: float = 0.1
) -> dict[str, dict[str, list[float]]]:
    """Mean recall of each method over data sets at a rate, by kind of noise.

    Args:
        records: one a draw and method; those of numbers are left out.
        rate: of wrong rows; the largest there is, where this one is not.
    """
    rates = {record["rate"] for record in records}
    shown = rate if rate in rates else max(rates)
    own = [r for r in records if r["rate"] == shown and r["data"] not in NUMBERS]
    found = {}
    for (noise,), part in grouped(own, "noise").items():
        num_data = len(grouped(part, "data"))
        curves = {}
        for (method,), rows in grouped(part, "method").items():
            by_data = grouped(rows, "data").values()
            if len(by_data) == num_data:
                means = [np.mean([row["recall"] for row in each], axis=0) for each in by_data]
                curves[method] = np.mean(means, axis=0).round(4).tolist()
        found[noise] = curves
    return found
