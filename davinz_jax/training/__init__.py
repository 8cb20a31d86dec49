"""Ground truth: networks trained on a dataset, or on many coalitions of its rows.

`train` fits one network by SGD under a `Schedule` (`paper_schedule`, `fixed_schedule`,
`given_schedule`), `train_many` a copy for each set of rows, side by side where the network is
small, `evaluate` gives the `Performance` on a validation set, and `train_coalitions` does both for
a list of coalitions with a checkpoint for each.
"""

from davinz_jax.training.coalitions import CoalitionPerformance, train_coalitions
from davinz_jax.training.evaluate import Performance, evaluate
from davinz_jax.training.losses import row_losses
from davinz_jax.training.schedule import Schedule, fixed_schedule, given_schedule, paper_schedule
from davinz_jax.training.train import TrainResult, train, train_many

__all__ = [
    "CoalitionPerformance",
    "Performance",
    "Schedule",
    "TrainResult",
    "evaluate",
    "fixed_schedule",
    "given_schedule",
    "paper_schedule",
    "row_losses",
    "train",
    "train_coalitions",
    "train_many",
]
