"""What 10,000 MNIST rows are worth, 10 % of their labels flipped: the record of a finished run.

The run is `python -m experiments.value experiment=value_mnist_rows`; it goes on after a kill. The
record says what it took, how sure values are, and how well the lowest find the flipped rows, beside
leave-one-out margins of the same kernel (which the run has judged its rows by) and KNN-Shapley on
the same validation rows:

    python -m experiments.studies.finetuning.mnist_rows \
        RUN CPU_SECONDS WALL_SECONDS results/mnist_rows.json
"""

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float

from davinz_jax.baselines.knn_shapley import row_values
from davinz_jax.evaluation import detection_auc
from davinz_jax.files import write_whole
from davinz_jax.semivalues import Valuation
from davinz_jax.semivalues.by_validation_row import blocks
from experiments.report.judged import VALIDATION_ROWS
from experiments.runtime import outputs, saved
from experiments.runtime.console import Stages
from experiments.runtime.context import Rows
from experiments.studies.explain import read_rows

NUM_BOOTSTRAP = 200
"""Draws of the rows with replacement, of which an AUC has its interval."""


def record(folder: Path, cpu_seconds: float, wall_seconds: float) -> dict[str, Any]:
    """What is kept of a run.

    Args:
        folder: of the run.
        cpu_seconds: CPU time that its processes took, all interrupted ones included.
        wall_seconds: what they took by the clock.
    """
    earlier, valuation = saved.result(folder), saved.valuation(folder)
    rows, _ = read_rows(earlier, Stages())
    judged = pd.read_csv(folder / VALIDATION_ROWS)
    return {
        "num_rows": len(valuation.players),
        "num_validation_rows": len(judged),
        "num_samples": valuation.num_samples,
        "cpu_seconds": cpu_seconds,
        "wall_seconds": wall_seconds,
        "seconds_of_samples": valuation.seconds,
        "utility": {name: earlier["utility"][name] for name in ("kernel", "metric", "ridge")},
        "detection": detection(rows, valuation, earlier),
        "values": how_sure(valuation),
        "by_validation_row": how_sure_by_row(valuation),
        "validation_rows": blamed(judged, rows, valuation),
        "versions": earlier["versions"],
    }


def detection(
    rows: Rows, valuation: Valuation, earlier: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """Area under the ROC curve for finding the flipped rows, by each score's lowest."""
    assert valuation.rows is not None
    dataset, by_place = rows.dataset, np.empty(len(valuation.players))
    by_place[valuation.rows] = valuation.values
    flat = (x.reshape(len(x), -1) for x in (dataset.inputs, dataset.validation.inputs))
    inputs, validation_inputs = flat
    neighbours = row_values(
        inputs, dataset.targets, validation_inputs, np.asarray(dataset.validation.targets)
    )
    found = {"shapley": by_place, "knn_shapley": neighbours}
    areas = {name: area(score, rows.corrupted) for name, score in found.items()}
    return areas | {"leave_one_out_margin": {"auc": earlier["worst_rows"]["detection"]["auc"]}}


def area(score: Float[np.ndarray, " n"], corrupted: Bool[np.ndarray, " n"]) -> dict[str, Any]:
    """The area, and its interval at 95 % over draws of the flipped and of the other rows."""
    generator, drawn = np.random.default_rng(0), []
    sides = [np.flatnonzero(corrupted), np.flatnonzero(~corrupted)]
    for _ in range(NUM_BOOTSTRAP):
        chosen = np.concatenate([generator.choice(side, len(side)) for side in sides])
        drawn.append(detection_auc(score[chosen], corrupted[chosen]))
    low, high = np.quantile(drawn, [0.025, 0.975])
    return {"auc": detection_auc(score, corrupted), "low": float(low), "high": float(high)}


def how_sure(valuation: Valuation) -> dict[str, float]:
    """How wide the intervals of values are, and what share leaves zero out."""
    limits = valuation.intervals(0.95)
    by_spread = replace(valuation, evidence=None)  # without what few samples may have missed
    alone = by_spread.intervals(0.95)
    half = (limits[:, 1] - limits[:, 0]) / 2
    spread = float(valuation.values.std())
    noise = float(np.mean(np.square(by_spread.stderr_sampling)))
    return {
        "spread": spread,
        "median_half_width": float(np.median(half)),
        "median_half_width_of_spread_alone": float(np.median(alone[:, 1] - alone[:, 0]) / 2),
        "share_clear_of_zero": float(np.mean(limits.prod(axis=1) > 0)),
        "share_clear_of_zero_by_spread_alone": float(np.mean(alone.prod(axis=1) > 0)),
        "share_that_hangs_on_few_samples": len(valuation.scarce) / len(valuation.players),
        "share_of_variance_that_is_sampling": noise / spread**2,
    }


def how_sure_by_row(valuation: Valuation) -> dict[str, float]:
    """The same of values to single validation rows, and how far their mean is from the values."""
    by_row = valuation.by_validation_row
    assert by_row is not None
    assert by_row.stderr is not None
    quantile = by_row.quantile(0.95)
    clear, total, largest = 0, 0, 0.0
    for part in blocks(by_row.values):
        values = np.asarray(by_row.values[part])
        clear += int((np.abs(values) > quantile * by_row.stderr[part]).sum())
        total, largest = total + values.size, max(largest, float(np.abs(values).max()))
    return {
        "bytes_of_a_matrix": float(by_row.values.nbytes),
        "degrees": float(by_row.degrees),
        "share_clear_of_zero": clear / total,
        "largest": largest,
        "mean_off_by": float(np.abs(by_row.mean() - valuation.values).max()),
    }


def blamed(judged: pd.DataFrame, rows: Rows, valuation: Valuation) -> dict[str, Any]:
    """How often the row that hurts a validation row most is one of the flipped ones."""
    assert valuation.rows is not None
    flipped = dict(zip(valuation.players, rows.corrupted[valuation.rows].tolist(), strict=True))
    is_wrong = (judged["label"] != judged["predicted_label"]).to_numpy()
    harmful, helpful = (
        np.array([flipped[player] for player in judged[name]])
        for name in ("most_harmful", "most_helpful")
    )
    return {
        "share_predicted_wrong": float(is_wrong.mean()),
        "most_harmful_is_flipped": float(harmful.mean()),
        "most_harmful_is_flipped_where_wrong": float(harmful[is_wrong].mean()),
        "most_helpful_is_flipped": float(helpful.mean()),
    }


def main(run: str, cpu_seconds: str, wall_seconds: str, path: str) -> None:
    """Write the record of a run."""
    content = record(Path(run), float(cpu_seconds), float(wall_seconds))
    place = Path(path)
    write_whole(place.parent, {place.name: outputs.result_writer(content)})


if __name__ == "__main__":
    main(*sys.argv[1:])
