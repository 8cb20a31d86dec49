"""A run: value rows by every method, remove them step by step, retrain, show, write and keep.

What a piece gave is kept in the store, so that a killed run goes on where it was.
"""

import warnings
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float
from matplotlib.figure import Figure
from omegaconf import DictConfig

from davinz_jax.files import Writer
from davinz_jax.linalg.threads import limit_threads
from experiments.report import plots
from experiments.runtime import compose, console, outputs
from experiments.studies.base import check_level
from experiments.studies.detection_benchmark.draws import Draw, make_draws
from experiments.studies.detection_benchmark.methods import score_rows
from experiments.studies.detection_benchmark.pieces import (
    check_installed,
    choose_seeds,
    measure_all,
)
from experiments.studies.detection_benchmark.specs import CLASSES, FEW_SEEDS, Piece, Plan
from experiments.studies.kept import Shelf, decisive, leave, run_in_folder
from experiments.studies.removal_benchmark import analysis, figures, page
from experiments.studies.removal_benchmark.report import report

RESULT = f"{page.STEM}.json"
RATE = 0.1
"""Share of wrong labels."""

BIN, LEAST_BIN = 0.05, 5
"""Share of the rows removed at a time, and rows at least."""

MAX_STEPS = 300
DIGITS = 4
PLANS: Mapping[str, Plan] = {
    "smoke": Plan(("2dplanes", "digits"), 2, ("label",), (RATE,), 8),
    "reduced": Plan(CLASSES, 2, ("label",), (RATE,)),
    "full": Plan(CLASSES, FEW_SEEDS, ("label",), (RATE,)),
}
"""Plans by the size of a run."""


def run(cfg: DictConfig, folder: Path) -> dict[str, Any]:
    """Run a configuration; gives what the JSON file of the run holds."""
    return run_in_folder(cfg, folder, RESULT, _run)


def _run(cfg: DictConfig, folder: Path) -> dict[str, Any]:
    check_level(cfg.level)
    check_installed()
    store = (folder if cfg.store is None else Path(cfg.store)) / "pieces"
    root = None if cfg.root is None else Path(cfg.root)
    stages, plan = console.Stages(), choose_seeds(PLANS[cfg.size.value], cfg.num_seeds)
    records = measure_all(
        plan, measure, root=root, store=store, stages=stages, num_processes=cfg.jobs
    )
    content = summary(cfg, plan, records)
    content["seconds"] = stages.seconds
    for family in content["ranks"]:
        console.table(family["title"], *page.rank_rows(family))
    drawn = figures.draw(content)
    shelf = Shelf(page.KEPT, page.PAGE, page.main) if cfg.keep else None
    leave(_files(records, drawn, content), folder, shelf, report=report(content, drawn))
    return content


def measure(piece: Piece, root: Path | None = None) -> list[dict[str, Any]]:
    """Curves of every method and direction on the draw of a piece."""
    records = []
    with limit_threads(1):
        (draw,) = make_draws(piece, root=root).values()
        for scored in score_rows(draw, with_long=True):
            order = np.argsort(scored.values, kind="stable")
            for direction, rows in (("lowest", order), ("highest", order[::-1])):
                curve = removal_curve(draw, rows).round(DIGITS).tolist()
                records.append({"method": scored.method, "direction": direction, "accuracy": curve})
    return records


def removal_curve(draw: Draw, order: np.ndarray) -> Float[np.ndarray, " s"]:
    """Test accuracy of a logistic regression before and after each step of removal.

    Args:
        draw: the rows, and the test rows.
        order: rows, those first that are removed first.
    """
    step = max(LEAST_BIN, round(BIN * len(order)))
    starts = range(0, len(order) - step + 1, step)
    return np.array([accuracy_without(draw, order[:start]) for start in starts])


def accuracy_without(draw: Draw, removed: np.ndarray) -> float:
    """Test accuracy of a logistic regression of the other rows; of one class, its share."""
    from sklearn.linear_model import LogisticRegression

    kept = np.ones(len(draw.dataset), bool)
    kept[removed] = False
    rows, _, test = draw.columns
    targets = draw.dataset.targets[kept]
    if len(np.unique(targets)) == 1:
        return float((draw.test_targets == targets[0]).mean())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the steps were not enough, on rows that are nonsense
        model = LogisticRegression(max_iter=MAX_STEPS).fit(rows[kept], targets)
    return float(model.score(test, draw.test_targets))


def summary(cfg: DictConfig, plan: Plan, records: Sequence[analysis.Record]) -> dict[str, Any]:
    """What the JSON file says of the run's numbers."""
    key = compose.random_key(cfg.seed)
    how = {"key": key, "num_resamples": cfg.num_resamples, "level": cfg.level}
    return {
        "num_seeds": plan.num_seeds,
        "cells": analysis.cells(records),
        "ranks": analysis.rank_directions(records, **how),
        "curves": analysis.mean_curves(records),
        "versions": outputs.versions(),
        "config": decisive(compose.plain(cfg)),
    }


def _files(
    records: Sequence[analysis.Record], drawn: Mapping[str, Figure], content: Mapping[str, Any]
) -> dict[str, Writer]:
    lines = pd.DataFrame([
        {**{name: record[name] for name in ("data", "seed", "method", "direction")},
         "mean_accuracy": round(record["mean"], DIGITS)}
        for record in analysis.with_means(records)
    ])  # fmt: skip
    return {
        f"{page.STEM}.csv": outputs.csv_writer(lines),
        **{name: partial(plots.save, figure) for name, figure in drawn.items()},
        RESULT: outputs.json_writer(content),
    }
