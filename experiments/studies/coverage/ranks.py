"""Five hospitals valued under many seeds: held-out rows against cross-fitting.

A seed draws the rows held out, or the folds. The truth is the value on a pool of
5,000 further patients.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pandas as pd

from davinz_jax import Ingredients
from davinz_jax.data import Dataset, cross_fit, load_table, partition_own
from davinz_jax.semivalues import Valuation, shapley
from experiments.studies.coverage.hospitals import WRONG, write_tables

COLUMNS = {"target": "diagnosis", "party": "hospital", "ignore": ["patient_id"]}
WAYS = ("held out", "cross-fitted")


def load(folder: Path, way: str, seed: int) -> Dataset:
    """The patients, with the validation set that a way of judging them makes of themselves."""
    data_key, fold_key = jax.random.split(jax.random.key(seed))
    holdout = "none" if way == "cross-fitted" else 0.2
    data = load_table(folder / "patients.csv", holdout=holdout, key=data_key, **COLUMNS)
    return cross_fit(data, key=fold_key) if way == "cross-fitted" else data


def value(dataset: Dataset, seed: int) -> Valuation:
    """Shapley values of the hospitals by the accuracy of regression with an RBF kernel."""
    data, parties = partition_own(dataset)
    made = Ingredients(None, data, parties, key=jax.random.key(seed))
    return shapley(made.kernel_regression(kernel="rbf"))


def seeds_frame(folder: Path, way: str, num_seeds: int, level: float) -> pd.DataFrame:
    """One row a seed and hospital: value, rank, and both kinds of rank intervals."""
    frames = []
    for seed in range(num_seeds):
        valuation = value(load(folder, way, seed), seed)
        before = replace(valuation, resampled=None)
        frame = valuation.to_frame(level)
        frame[["before_low", "before_high"]] = before.rank_interval(level)
        frames.append(frame.assign(seed=seed, way=way))
    return pd.concat(frames, ignore_index=True)


def contained(frame: pd.DataFrame, low: str = "rank_low", high: str = "rank_high") -> float:
    """Share of all seeds' ranks that lie in the rank interval of a run, mean over runs."""

    def table(column: str) -> np.ndarray:
        return frame.pivot(index="seed", columns="player", values=column).to_numpy()

    ranks, lows, highs = table("rank"), table(low), table(high)
    inside = (ranks[None] >= lows[:, None]) & (ranks[None] <= highs[:, None])
    return float(inside.mean())


def tables_frame(
    folder: Path, num_tables: int, level: float, told: Callable[[int], None] = lambda _: None
) -> pd.DataFrame:
    """One row a simulated table, way and hospital: interval, and the value on the table's pool."""
    frames = []
    for number in range(num_tables):
        place = folder / f"table-{number}"
        write_tables(place, np.random.default_rng(1000 + number))
        truth = _on_pool(place)
        for way in WAYS:
            frame = value(load(place, way, number), number).to_frame(level)
            frames.append(frame.assign(table=number, way=way, truth=truth))
        told(number + 1)
    return pd.concat(frames, ignore_index=True)


def _on_pool(folder: Path) -> np.ndarray:
    paths = folder / "patients.csv", folder / "pool.csv"
    whole = load_table(paths[0], validation_path=paths[1], **COLUMNS)
    return value(whole, 0).values


def summarise_seeds(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """One record a way."""
    records = []
    for way, part in frame.groupby("way", sort=False):
        spreads = [_column(each, "value").std(ddof=1) for _, each in part.groupby("player")]
        noisy = _ranks_of_noisy(part)
        records.append(
            {
                "way": way,
                "ranks inside": contained(part),
                "inside before": contained(part, "before_low", "before_high"),
                "spread over seeds": float(np.mean(spreads)),
                "± shown": float(_column(part, "stderr").mean()),
                "ranks of Noisy": sorted({int(rank) for rank in noisy}),
                "Noisy last": float((noisy == 5).mean()),
            }
        )
    return records


def summarise_tables(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """One record a way: coverage of the value on the pool, and the error of the value."""
    records = []
    for way, part in frame.groupby("way", sort=False):
        found, truth, low, high = (_column(part, c) for c in ("value", "truth", "low", "high"))
        records.append(
            {
                "way": way,
                "coverage": float(((low <= truth) & (truth <= high)).mean()),
                "error": float(np.sqrt(np.square(found - truth).mean())),
                "± shown": float(_column(part, "stderr").mean()),
                "Noisy last": float((_ranks_of_noisy(part) == 5).mean()),
            }
        )
    return records


def _ranks_of_noisy(frame: pd.DataFrame) -> np.ndarray:
    return _column(frame, "rank")[_column(frame, "player") == WRONG]


def _column(frame: pd.DataFrame, name: str) -> np.ndarray:
    return np.asarray(frame[name])
