"""How good rows are together, as a training set: a score by which sets are compared.

What orders sets best does not value parties best, for a value is a difference of two sets that
share most of their rows (docs/fidelity.md, docs/party_quality.md). A regression whose players are
valued by one metric therefore tells the score of all its rows by another, from the predictions that
it has.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Num

from davinz_jax.utility.metrics import MetricChoice, make_metric
from davinz_jax.utility.resampling import Resamples


class Judged(NamedTuple):
    """Predictions of all rows for the validation rows.

    Attributes:
        outputs: mean over initialisations.
        targets: classes or numbers of the validation rows.
        resamples: draws of these rows; None for none.
    """

    outputs: Float[np.ndarray, "m k"]
    targets: Num[np.ndarray, " m"]
    resamples: Resamples | None


@runtime_checkable
class Judging(Protocol):
    """A utility that knows what its rows predict for the validation rows."""

    def judged(self) -> Judged:
        """Predictions of all rows for the validation rows."""
        ...


class SetScore(NamedTuple):
    """The score of a set.

    Attributes:
        metric: its name.
        value: larger is better; comparable between sets of any size, judged on the same rows.
        stderr: of the draw of the validation rows; NaN where they are not resampled.
    """

    metric: str
    value: float
    stderr: float


def score_set(utility: Judging, metric: MetricChoice) -> SetScore:
    """The score of all rows of a regression, by the mean prediction over initialisations.

    Args:
        utility: kernel regression, on validation rows or cross-fitted.
        metric: as in `make_metric`.

    Raises:
        ValueError: for a metric that these targets have no use for.
    """
    outputs, targets, resamples = utility.judged()
    made = make_metric(metric, targets, outputs.shape[1])
    value, *drawn = made.measure(outputs[None], targets, resamples)[:, 0]
    if resamples is None:
        return SetScore(made.name, float(value), float("nan"))
    inflation = resamples.resampling().inflation
    return SetScore(made.name, float(value), float(np.std(drawn, ddof=1) * inflation**0.5))


def pool(parts: Sequence[Judged]) -> Judged:
    """Predictions of folds, for all their validation rows."""
    drawn = [part.resamples for part in parts if part.resamples is not None]
    weights = [resamples.weights for resamples in drawn]
    return Judged(
        np.concatenate([part.outputs for part in parts]),
        np.concatenate([part.targets for part in parts]),
        Resamples(np.concatenate(weights, axis=1)) if len(drawn) == len(parts) else None,
    )
