"""Scores of single validation rows, whose mean a utility is.

Of a metric that is a mean over validation rows, a coalition's score is known for each row before
the mean is taken. A utility that has such scores tells them while it finds its answers, chunk by
chunk, so that what is made of them need not hold all coalitions at once. Values are linear in
utilities: the values of every row's own score, averaged over rows, are the values.
"""

from collections.abc import Callable
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int

from davinz_jax.types import Utility
from davinz_jax.utility.metrics import CLASS_METRICS, Metric, Scores

Places = slice | Int[np.ndarray, " _"]
"""Places of some coalitions among all those asked for, or of some validation rows among all."""

Tell = Callable[[Places, Places, np.ndarray], None]
"""Told the places of coalitions, those of validation rows, and a score (c, m) of each by each; over
initialisations and folds, what is told of one coalition and row adds up to its score."""

MEANS = (*(name for name, each in CLASS_METRICS.items() if each.by_row), "cross_entropy", "r2")
"""Names of the metrics that are means over validation rows."""


@runtime_checkable
class RowScored(Protocol):
    """A utility that is a weighted mean of its m validation rows' scores."""

    @property
    def row_metric(self) -> Metric:
        """What is measured."""
        ...

    @property
    def row_weights(self) -> Float[np.ndarray, " m"]:
        """Weight of each validation row; they add up to 1."""
        ...

    def row_scores(self) -> Float[np.ndarray, " m"]:
        """Score of each validation row by all players together, mean over initialisations."""
        ...

    def telling(self, tell: Tell) -> Utility:
        """The same utility, which tells every row's score of each coalition it looks at.

        Prefixes are told from the empty one on, in order, once an initialisation and fold; of
        leave-one-out, the coalitions that lack one player are told.
        """
        ...


def row_scored(utility: Utility) -> RowScored:
    """The utility, as one that is a mean over validation rows.

    Raises:
        ValueError: if it is none.
    """
    if not isinstance(utility, RowScored):
        raise ValueError(
            "per_validation_row: wanted a utility that is a mean over validation rows, got "
            f"{utility.describe()['kind']}; take kernel_regression or confidence"
        )
    mean_by_row(utility)
    return utility


def mean_by_row(utility: RowScored) -> Scores:
    """What gives each validation row's score of predictions.

    Raises:
        ValueError: for a metric that is no mean over rows.
    """
    metric = utility.row_metric
    if metric.by_row is None:
        raise ValueError(
            "per_validation_row: wanted a metric that is a mean over validation rows "
            f"({', '.join(MEANS)}), got {metric.name!r}; take one of these"
        )
    return metric.by_row
