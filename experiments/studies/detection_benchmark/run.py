"""A run: score every draw by every method, compare with what was made wrong, show, write and keep.

What a piece gave is kept in the store, so that a killed run goes on where it was.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from omegaconf import DictConfig

from davinz_jax.files import Writer
from davinz_jax.linalg.threads import limit_threads
from experiments.report import plots
from experiments.runtime import compose, console, outputs
from experiments.studies.base import check_level
from experiments.studies.detection_benchmark import analysis, figures, page, variants
from experiments.studies.detection_benchmark.draws import make_draws, part_sizes, read_pool
from experiments.studies.detection_benchmark.judging import judge
from experiments.studies.detection_benchmark.methods import score_rows
from experiments.studies.detection_benchmark.pieces import (
    check_installed,
    choose_seeds,
    measure_all,
)
from experiments.studies.detection_benchmark.report import report
from experiments.studies.detection_benchmark.specs import FEW_RATES, PLANS, Piece, Plan
from experiments.studies.kept import Shelf, decisive, leave, run_in_folder

RESULT = f"{page.STEM}.json"


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
    content = summary(cfg, plan, records, root)
    if plan.shrink == 1:
        varied = measure_all(
            variants.plan_of(plan.num_seeds),
            variants.measure,
            root=root,
            store=store,
            stages=stages,
            num_processes=cfg.jobs,
            names=tuple(variants.VARIANTS),
        )
        content["variants"] = variants.summarise(varied, page.KEPT / page.PUBLISHED)
    content["seconds"] = stages.seconds
    show(content)
    drawn = figures.draw(content)
    shelf = Shelf(page.KEPT, page.PAGE, page.main) if cfg.keep else None
    leave(_files(records, drawn, content), folder, shelf, report=report(content, drawn))
    return content


def measure(piece: Piece, root: Path | None = None) -> list[dict[str, Any]]:
    """How well every method finds the wrong rows of every draw of a piece."""
    records = []
    with limit_threads(1):
        for (noise, rate), draw in make_draws(piece, root=root).items():
            with_long = piece.with_few and noise == "label" and rate in FEW_RATES
            for scored in score_rows(draw, with_long=with_long):
                records.append({"noise": noise, "rate": rate, **judge(draw, scored)})
    return records


def summary(
    cfg: DictConfig, plan: Plan, records: Sequence[analysis.Record], root: Path | None
) -> dict[str, Any]:
    """What the JSON file says of the run's numbers."""
    published = analysis.beside_published(records, page.KEPT / page.PUBLISHED)
    key = compose.random_key(cfg.seed)
    how = {"key": key, "num_resamples": cfg.num_resamples, "level": cfg.level}
    sizes = {
        name: [
            max(size // plan.shrink, 8) for size in part_sizes(len(read_pool(name, root).targets))
        ]
        for name in plan.data
    }
    return {
        "sizes": sizes,
        "num_seeds": plan.num_seeds,
        "cells": analysis.cells(records),
        "ranks": analysis.rank_families(records, **how),
        "published": published if plan.shrink == 1 else [],
        "variants": [],
        "recall": analysis.recall_curves(records),
        "versions": outputs.versions(),
        "config": decisive(compose.plain(cfg)),
    }


def show(content: Mapping[str, Any]) -> None:
    """Print how methods rank, and how they compare with published figures."""
    for family in content["ranks"]:
        console.table(f"mean rank by F1: {family['title']}", *page.rank_rows(family))
    if content["published"]:
        console.table("beside published figures", *page.published_rows(content))


def _files(
    records: Sequence[analysis.Record], drawn: Mapping[str, Figure], content: Mapping[str, Any]
) -> dict[str, Writer]:
    columns = ["data", "noise", "rate", "seed", "method", "f1", "auc", "seconds"]
    lines = pd.DataFrame([{name: record[name] for name in columns} for record in records])
    return {
        f"{page.STEM}.csv": outputs.csv_writer(lines),
        **{name: partial(plots.save, figure) for name, figure in drawn.items()},
        RESULT: outputs.json_writer(content),
    }
