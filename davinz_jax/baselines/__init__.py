"""What DAVINZ is compared with; every method takes a `BaselineContext` and returns a `Valuation`.

Of rows, from arrays, each module's `row_values`: `knn_shapley`, `data_oob`, `complexity_gap`,
`logistic_influence`; with the extra `benchmarks` also `lava` and `confident_learning`.

By training: `validation_performance` (retraining without each party, by `train_members`; of any
coalition `RetrainingUtility`), `influence_functions`, `robust_volume`. Without: `knn_shapley`.
Predictors that any method must beat: `random_values`, `log_size`, `class_share`, `mmd_alone`.
`evaluation.time_valuation` says how long one takes.
"""

from davinz_jax.baselines.context import BaselineContext
from davinz_jax.baselines.influence import influence_functions
from davinz_jax.baselines.inverse_hessian import conjugate_gradients, lissa, objective
from davinz_jax.baselines.knn_shapley import knn_shapley
from davinz_jax.baselines.result import baseline_valuation
from davinz_jax.baselines.retraining import (
    RetrainingUtility,
    leave_one_out_members,
    mean_worths,
    train_members,
    validation_performance,
)
from davinz_jax.baselines.robust_volume import log_robust_volume, robust_volume
from davinz_jax.baselines.trivial import class_share, log_size, mmd_alone, random_values

__all__ = [
    "BaselineContext",
    "RetrainingUtility",
    "baseline_valuation",
    "class_share",
    "conjugate_gradients",
    "influence_functions",
    "knn_shapley",
    "leave_one_out_members",
    "lissa",
    "log_robust_volume",
    "log_size",
    "mean_worths",
    "mmd_alone",
    "objective",
    "random_values",
    "robust_volume",
    "train_members",
    "validation_performance",
]
