"""The score of all rows together, by which data sets are compared with one another."""

from typing import Any

import numpy as np

from davinz_jax.defaults import usual_set_metric
from davinz_jax.types import Task, Utility
from davinz_jax.utility.options import NETWORK_KERNELS
from davinz_jax.utility.set_score import Judging, SetScore, score_set

WORDS = {
    "correlation": "the correlation of predictions with labels",
    "sharpened_accuracy": "sharpened accuracy",
    "r2": "R²",
}
"""What each metric of `usual_set_metric` is called."""


def score_all_rows(utility: Utility, task: Task) -> SetScore | None:
    """The score of all rows; None of a utility that predicts no labels, or no two of them.

    Args:
        utility: what is shared out.
        task: classification or regression.
    """
    described = utility.describe()
    if not isinstance(utility, Judging) or described["kind"] != "kernel_regression":
        return None
    if len(np.unique(utility.judged().targets)) < 2:
        return None
    # A tangent kernel says how it was made, not what it is called.
    with_network = described.get("kernel", "ntk") in NETWORK_KERNELS
    return score_set(utility, usual_set_metric(task, with_network=with_network))


def sentence(score: SetScore) -> str:
    """What the score is and what it is for."""
    error = "" if np.isnan(score.stderr) else f" ± {score.stderr:.2g}"
    return (
        f"all rows together score {score.value:.3g}{error} by {WORDS[score.metric]}: compare whole "
        "data sets by this, judged on the same validation rows"
    )


def describe(score: SetScore | None) -> dict[str, Any] | None:
    """As result.json holds it."""
    if score is None:
        return None
    stderr = None if np.isnan(score.stderr) else score.stderr
    return {"metric": score.metric, "value": score.value, "stderr": stderr}
