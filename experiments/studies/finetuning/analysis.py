"""What the run says: AUC of wrong labels and accuracy of tuned networks, with intervals."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float

from davinz_jax.data.randomness import numpy_generator
from davinz_jax.evaluation import detection_auc, mean_interval
from davinz_jax.types import PRNGKey

NUM_RESAMPLES = 1000


def aucs(
    values: Mapping[str, Float[np.ndarray, " n"]],
    is_wrong: Bool[np.ndarray, " n"],
    *,
    key: PRNGKey,
    level: float,
    ours: str = "tangent_margin",
) -> dict[str, dict[str, float]]:
    """AUC of each method's values for wrong labels, with a bootstrap over right and wrong rows.

    The same resamples serve all methods; `margin_less` is the AUC of `ours` less a method's.
    """
    generator = numpy_generator(key)
    wrong, right = np.flatnonzero(is_wrong), np.flatnonzero(~is_wrong)
    draws = [
        np.concatenate([generator.choice(part, len(part)) for part in (wrong, right)])
        for _ in range(NUM_RESAMPLES)
    ]
    best = [detection_auc(values[ours][rows], is_wrong[rows]) for rows in draws]
    found = {}
    for name, each in values.items():
        sampled = np.array([detection_auc(each[rows], is_wrong[rows]) for rows in draws])
        low, high = _bounds(sampled, level)
        less_low, less_high = _bounds(np.array(best) - sampled, level)
        found[name] = {
            "auc": float(detection_auc(each, is_wrong)), "low": low, "high": high,
            "margin_less_low": less_low, "margin_less_high": less_high,
        }  # fmt: skip
    return found


def tuned(records: Sequence[Mapping[str, Any]], *, level: float) -> list[dict[str, Any]]:
    """Mean accuracy of networks tuned on each set of rows, and how far a top is ahead.

    `ahead` is the mean over seeds, paired by them, of the accuracy on a set less that on random
    rows; for a bottom, of the top less it.
    """
    frame = pd.DataFrame(records)
    table = frame.pivot_table(index="seed", columns=["method", "side"], values="accuracy")
    found = []
    for method, side in table.columns:
        own = table[method, side]
        if side.endswith("bottom"):
            difference = table[method, side.replace("bottom", "top")] - own
        else:
            difference = own - table["random", "class_top"]
        accuracy, ahead = (
            mean_interval(each.to_numpy(), level=level) for each in (own, difference)
        )
        found.append({
            "method": method, "side": side,
            "accuracy": accuracy.value, "low": accuracy.low, "high": accuracy.high,
            "ahead": ahead.value, "ahead_low": ahead.low, "ahead_high": ahead.high,
        })  # fmt: skip
    return found


def _bounds(sampled: Float[np.ndarray, " b"], level: float) -> tuple[float, float]:
    low, high = np.quantile(sampled, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
