"""How values are judged: agreement with the truth, monotonicity, detection, time.

`pearson`, `spearman`, `kendall`; `bootstrap_items` and `mean_interval` give an `Estimate`;
`compare_scores` gives the `Agreement` of scores with the truth over draws of sets, `ordered_pairs`
and `split_half_reliability` stand beside it; `monotonicity` along a sequence; `detection_auc`,
`detection_f1` and `recall_at_count` for corrupted rows; `time_valuation`.
"""

from davinz_jax.evaluation.agreement import (
    Agreement,
    compare_scores,
    ordered_pairs,
    split_half_reliability,
)
from davinz_jax.evaluation.correlation import (
    Estimate,
    bootstrap_items,
    kendall,
    mean_interval,
    pearson,
    spearman,
)
from davinz_jax.evaluation.detection import detection_auc, detection_f1, recall_at_count
from davinz_jax.evaluation.monotonicity import Monotonicity, monotonicity
from davinz_jax.evaluation.timing import time_valuation

__all__ = [
    "Agreement",
    "Estimate",
    "Monotonicity",
    "bootstrap_items",
    "compare_scores",
    "detection_auc",
    "detection_f1",
    "kendall",
    "mean_interval",
    "monotonicity",
    "ordered_pairs",
    "pearson",
    "recall_at_count",
    "spearman",
    "split_half_reliability",
    "time_valuation",
]
