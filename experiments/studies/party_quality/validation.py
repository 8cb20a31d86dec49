"""How many validation rows leave-one-out values need, by accuracy and by soft accuracy.

The same parties are judged on ever more validation rows: one factorisation of a kernel of raw rows
serves all of them, as metrics of its own.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool

from davinz_jax import Ingredients, KernelOptions
from davinz_jax.semivalues import leave_one_out
from davinz_jax.utility.metrics import CLASS_METRICS, Metric
from experiments.studies.party_quality.games import Game, make_game
from experiments.studies.party_quality.specs import LABELS, Spec

METRICS = ("accuracy", "soft_accuracy")


def value_by_rows(spec: Spec, counts: Sequence[int], root: Path | None) -> dict[str, Any]:
    """Leave-one-out values of a game by RBF regression, on so many validation rows a class.

    Args:
        spec: a game of wrong labels; its own number of validation rows is not used.
        counts: validation rows a class, several.
        root: folder of local data.
    """
    assert spec.quality == LABELS
    game = make_game(replace(spec, validation=max(counts)), root=root)
    parts = Ingredients(
        None,
        game.dataset,
        game.parties,
        key=game.key,
        kernel_options=KernelOptions(ridge="auto"),
        num_resamples=0,
    )
    chosen = {count * game.dataset.num_classes: first_rows(game, count) for count in counts}
    metrics = [
        _on_rows(CLASS_METRICS[name], rows, f"{name} {count}")
        for name in METRICS
        for count, rows in chosen.items()
    ]
    utility = parts.kernel_regression(kernel="rbf", metric=metrics)
    values = {name: leave_one_out(each).values for name, each in utility.by_metric.items()}
    return {
        "quality": game.quality.tolist(),
        "values": {
            metric: {str(count): values[f"{metric} {count}"].tolist() for count in chosen}
            for metric in METRICS
        },
    }


def first_rows(game: Game, count: int) -> Bool[np.ndarray, " m"]:
    """The first validation rows of each class, which lie class by class."""
    targets = game.dataset.validation.targets
    assert targets is not None
    rank = np.concatenate([np.arange(n) for n in np.bincount(targets)])
    return rank < count


def _on_rows(metric: Metric, rows: Bool[np.ndarray, " m"], name: str) -> Metric:
    """The metric of some validation rows alone."""
    by_row = metric.by_row
    assert by_row is not None
    return Metric(
        name, whole=lambda outputs, targets: by_row(outputs[:, rows], targets[rows]).mean(1)
    )
