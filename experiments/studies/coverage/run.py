"""A run: redraws of the validation set, seeds, simulated tables; each piece is kept once done."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from omegaconf import DictConfig

from davinz_jax.data import load_digits, load_mnist
from davinz_jax.files import write_whole
from experiments.runtime import claims, compose, console, outputs
from experiments.studies.base import check_level
from experiments.studies.coverage import page, ranks, redraws
from experiments.studies.coverage.cost import KERNELS, cost_records
from experiments.studies.coverage.hospitals import SIZES, write_tables
from experiments.studies.coverage.report import report, tables
from experiments.studies.fidelity.draws import data_folder
from experiments.studies.kept import Shelf, leave

PIECES, HOSPITALS = "pieces", "hospitals"


@dataclass(frozen=True)
class Plan:
    """Numbers of a size.

    Attributes:
        num_rows: rows to be valued.
        num_pool: validation rows in all.
        num_parties: parties, in which the rows lie at random.
        validation_rows: sizes of the validation sets.
        num_redraws: validation sets of each size.
        num_seeds: seeds under which the one table is valued.
        num_tables: simulated tables.
        pool: patients beside each table.
        timed_rows: rows of the table whose values are timed.
    """

    num_rows: int
    num_pool: int
    num_parties: int
    validation_rows: tuple[int, ...]
    num_redraws: int
    num_seeds: int
    num_tables: int
    pool: int
    timed_rows: int


PLANS = {
    "smoke": Plan(20, 60, 3, (20,), 2, 2, 1, 50, 60),
    "reduced": Plan(100, 6000, 6, (200,), 200, 40, 20, 5000, 1000),
}


def run(cfg: DictConfig, folder: Path) -> dict[str, Any]:
    """Run a configuration; gives what the JSON file of the run holds."""
    check_level(cfg.level)
    with claims.hold(folder):
        claims.refuse_overwriting(folder, overwrite=cfg.overwrite, seal=page.RESULT)
        return _run(cfg, folder)


def _run(cfg: DictConfig, folder: Path) -> dict[str, Any]:
    plan, stages, level = PLANS[cfg.size.value], console.Stages(), float(cfg.level)
    store = folder / PIECES / f"{level}"
    covered = _redraws(plan, cfg.root, level, store, stages)
    seeds = _seeds(plan, level, store, stages)
    with stages.stage("tables"):
        tables = _piece(
            store / "tables.csv", lambda: ranks.tables_frame(store, plan.num_tables, level)
        )
    content = {
        "coverage": covered,
        "seeds": ranks.summarise_seeds(seeds),
        "tables": ranks.summarise_tables(tables),
        "cost": _cost(plan, cfg.root, store, stages),
        "plan": vars(plan),
        "config": compose.plain(cfg),
        "versions": outputs.versions(),
        "seconds": stages.seconds,
    }
    show(content)
    files = {page.RESULT: outputs.json_writer(content)}
    shelf = Shelf(page.KEPT, page.PAGE, page.main) if cfg.keep else None
    leave(files, folder, shelf, report=report(content))
    return content


def show(content: Mapping[str, Any]) -> None:
    """Print the three tables."""
    for title, headers, rows in tables(content):
        console.table(title, headers, rows)


def _redraws(
    plan: Plan, root: str | None, level: float, store: Path, stages: console.Stages
) -> list[dict[str, Any]]:
    """One record a case and size of the validation set."""
    pool = cache(partial(_pool, plan, root))
    records = []
    for size in plan.validation_rows:
        for place, case in enumerate(redraws.CASES):
            path = store / f"{size}-{place}.json"
            if not path.is_file():
                with stages.stage(f"{case}, {size} rows"):
                    found = redraws.cover(
                        pool(), case, size, plan.num_redraws, level=level, progress=stages.progress
                    )
                write_whole(store, {path.name: outputs.result_writer(found)})
            records.append(outputs.read_piece(path))
    return records


def _pool(plan: Plan, root: str | None) -> redraws.Pool:
    """Rows and pool: of digits where those suffice, else of MNIST."""
    load = load_digits if plan.num_pool < 1000 else partial(load_mnist, root=root)
    dataset = load(num_rows=plan.num_rows, num_validation_rows=plan.num_pool)
    return redraws.make_pool(dataset, plan.num_parties)


def _seeds(plan: Plan, level: float, store: Path, stages: console.Stages) -> pd.DataFrame:
    """Values and ranks of one table under all seeds, for each way."""
    folder = store / HOSPITALS
    if not (folder / "pool.csv").is_file():
        write_tables(folder, np.random.default_rng(0), plan.pool)
    parts = []
    for way in ranks.WAYS:
        with stages.stage(f"seeds, {way}"):
            make = partial(ranks.seeds_frame, folder, way, plan.num_seeds, level)
            parts.append(_piece(store / f"seeds-{way.replace(' ', '-')}.csv", make))
    return pd.concat(parts, ignore_index=True)


def _cost(
    plan: Plan, root: str | None, store: Path, stages: console.Stages
) -> list[dict[str, Any]]:
    """Time of cross-fitting beside a hold-out: on phoneme; for smoke, on the hospitals."""
    path, kernels = store / "cost.json", ("rbf",)
    table, columns = store / HOSPITALS / "patients.csv", ranks.COLUMNS
    if plan.timed_rows > sum(SIZES.values()):
        table, columns = data_folder(root) / "tables" / "phoneme.csv.gz", {"target": "label"}
        kernels = tuple(KERNELS)
    if not path.is_file():
        with stages.stage("cost"):
            found = cost_records(table, columns=columns, num_rows=plan.timed_rows, kernels=kernels)
        write_whole(store, {path.name: outputs.result_writer({"cost": found})})
    return outputs.read_piece(path)["cost"]


def _piece(path: Path, make: Callable[[], pd.DataFrame]) -> pd.DataFrame:
    """A finished piece as its file has it, or made and kept."""
    if not path.is_file():
        write_whole(path.parent, {path.name: outputs.csv_writer(make())})
    return pd.read_csv(path)
