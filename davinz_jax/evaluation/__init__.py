"""How values are judged: agreement with the truth, monotonicity, detection, time.

`pearson`, `spearman`, `kendall`; `bootstrap_items` and `mean_interval` give an `Estimate`;
`monotonicity` along a sequence; `detection_auc` for corrupted rows; `time_valuation`.
"""

from davinz_jax.evaluation.correlation import (
    Estimate,
    bootstrap_items,
    kendall,
    mean_interval,
    pearson,
    spearman,
)
from davinz_jax.evaluation.detection import detection_auc
from davinz_jax.evaluation.monotonicity import Monotonicity, monotonicity
from davinz_jax.evaluation.timing import time_valuation

__all__ = [
    "Estimate",
    "Monotonicity",
    "bootstrap_items",
    "detection_auc",
    "kendall",
    "mean_interval",
    "monotonicity",
    "pearson",
    "spearman",
    "time_valuation",
]
