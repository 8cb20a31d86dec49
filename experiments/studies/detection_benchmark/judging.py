"""What a method's values are judged by: F1 of exact two means, AUC, and the recall curve."""

from typing import Any

import numpy as np

from davinz_jax.detection import cut_two_means
from davinz_jax.evaluation import detection_auc, detection_f1
from experiments.studies.detection_benchmark.draws import Draw
from experiments.studies.detection_benchmark.methods import Scored

STEPS = 20
"""Of a recall curve: shares of the rows looked at, 5 % at a time."""

DIGITS = 4


def judge(draw: Draw, scored: Scored) -> dict[str, Any]:
    """F1 by exact two means, AUC and the recall curve of a method's values.

    Raises:
        ValueError: for values that are not finite.
    """
    values = scored.values
    if not np.isfinite(values).all():
        raise ValueError(
            f"values: wanted finite numbers of {scored.method} on {draw.dataset.name}, got "
            f"{int((~np.isfinite(values)).sum())} others; this method cannot be compared there"
        )
    differs = bool(np.ptp(values) > 0)
    dropped = cut_two_means(-values).dropped if differs else np.zeros(len(values), bool)
    order = np.argsort(values, kind="stable")
    ends = np.round(np.arange(1, STEPS + 1) / STEPS * len(values)).astype(int)
    found = np.cumsum(draw.is_wrong[order])[ends - 1] / draw.is_wrong.sum()
    return {
        "method": scored.method,
        "f1": round(detection_f1(dropped, draw.is_wrong), DIGITS),
        "auc": round(detection_auc(values, draw.is_wrong), DIGITS),
        "seconds": round(scored.seconds, DIGITS),
        "recall": found.round(DIGITS).tolist(),
    }
