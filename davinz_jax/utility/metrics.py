"""How good predictions on a validation set are, for any number of coalitions at once.

A metric takes predictions (c, m, k) of c coalitions on m validation rows and the rows' targets, and
gives c numbers, larger better. Most are means over rows, so that `by_row` gives each row's share
(c, m). For classes there is one output a class; for regression one output in all.

What another draw of the validation rows would give follows from each row's influence (c, m), whose
mean is the metric: its share where the metric is a mean, the linear term of its expansion in the
rows' weights where it is a ratio or a rank statistic.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np
from jaxtyping import Float, Num, ScalarLike
from scipy.special import log_softmax, softmax

from davinz_jax.choices import check_choice
from davinz_jax.utility.auc import auc, auc_influence
from davinz_jax.utility.correlation import correlation, correlation_influence
from davinz_jax.utility.resampling import Resamples

MetricName = Literal[
    "accuracy",
    "balanced_accuracy",
    "auc",
    "soft_accuracy",
    "balanced_soft_accuracy",
    "soft_accuracy_minus_brier",
    "sharpened_accuracy",
    "correlation",
    "cross_entropy",
    "mse",
    "r2",
]

BRIER_WEIGHT = 2.0
"""Weight of the Brier score beside soft accuracy in `soft_accuracy_minus_brier`. Of .25, .5, 1, 2
and 4 the one by which the network's kernel orders the parties of the choosing draws of
docs/party_quality.md best."""

SHARPNESS = 5.0
"""Power of the shares of `sharpened_accuracy`; 1 is soft accuracy, the limit of ever larger ones
accuracy. Of 1, 2, 3, 4, 5, 6 and 8 the one by which the network's kernel orders the sets of the
choosing draws of docs/fidelity.md best."""

Predictions = Float[np.ndarray, "c m k"]
Scores = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""(predictions (c, m, k), targets (m,)) to numbers (c,) or (c, m), larger better."""


@dataclass(frozen=True)
class Metric:
    """A measure of predictions.

    Attributes:
        name: as results say.
        by_row: each validation row's share (c, m), whose mean over rows is the metric; None where
            it is no mean over rows.
        whole: the metric (c,), where it is no such mean.
        temperature: by which outputs are divided before a softmax, where there is one.
        influence: each row's influence (c, m), where it is not `by_row`; None where that serves,
            or where there is none and the metric is found anew of every draw of rows.
        needs_targets: whether it looks at targets at all.
        step: most by which one row may change m times the metric, where a row's share takes few
            values; 0 where every row counts a little.
    """

    name: str
    by_row: Scores | None = None
    whole: Scores | None = None
    temperature: float | None = None
    influence: Scores | None = None
    step: float = 0.0
    needs_targets: bool = True

    def __call__(
        self, predictions: Predictions, targets: Num[np.ndarray, " m"]
    ) -> Float[np.ndarray, " c"]:
        """The metric of each coalition's predictions.

        Raises:
            ValueError: if a function of the user's gives another shape.
        """
        if self.by_row is not None:
            return self.by_row(predictions, targets).mean(1)
        assert self.whole is not None, f"{self.name} measures nothing"
        found = np.asarray(self.whole(predictions, targets), np.float64)
        if found.shape != predictions.shape[:1]:
            raise ValueError(
                f"metric: wanted {self.name} to give one number for each of {len(predictions)} "
                f"coalitions, got shape {found.shape}; take predictions (c, m, k) to (c,)"
            )
        return found

    def measure(
        self,
        predictions: Predictions,
        targets: Num[np.ndarray, " m"],
        resamples: Resamples | None = None,
    ) -> Float[np.ndarray, "r c"]:
        """The metric, and below it that under each resample of the validation rows."""
        shares = None if self.by_row is None else self.by_row(predictions, targets)
        value = (self(predictions, targets) if shares is None else shares.mean(1))[None]
        if resamples is None:
            return value
        if self.influence is not None:
            shares = self.influence(predictions, targets)
        if shares is None:
            drawn = [self(predictions[:, rows], targets[rows]) for rows in resamples.rows]
            return np.concatenate([value, np.stack(drawn)])
        return np.concatenate([value, resamples.weights @ shares.T / len(targets)])

    def describe(self) -> dict[str, Any]:
        """Name, and the temperature where there is one."""
        return {"metric": self.name} | (
            {} if self.temperature is None else {"temperature": self.temperature}
        )


MetricChoice = str | Scores | Metric
"""A metric by name, as a function of the user's, or made."""


def make_metric(
    metric: MetricChoice,
    targets: Num[np.ndarray, " m"],
    num_outputs: int,
    *,
    temperature: ScalarLike = 1.0,
) -> Metric:
    """The metric of that name for these targets, or a function of the user's as one.

    Args:
        metric: `accuracy`, `balanced_accuracy`, `auc`, `soft_accuracy`, `balanced_soft_accuracy`,
            `sharpened_accuracy`, `soft_accuracy_minus_brier`, `correlation` or `cross_entropy` for
            classes; `mse` for both; `r2` for regression; or any function of predictions (c, m, k)
            and targets (m,) that gives c numbers, larger better.
        targets: of the validation rows; classes 0..num_outputs-1 where there are several outputs.
        num_outputs: columns of the predictions.
        temperature: T > 0 of the softmax of `cross_entropy`; `inverse_temperature` of linalg gives
            the best for outputs of rows left out.

    Raises:
        ValueError: for another name, one that these targets have no use for, or targets that are
            no classes.
    """
    if isinstance(metric, Metric):
        return metric
    if callable(metric):
        return Metric(getattr(metric, "__name__", type(metric).__name__), whole=metric)
    check_choice("metric", metric, get_args(MetricName))
    if num_outputs == 1:
        return _for_numbers(metric, targets)
    _check_classes(targets, num_outputs)
    if metric == "r2":
        raise ValueError(
            "metric: wanted one for classes, got 'r2', which is for regression; use accuracy"
        )
    if metric == "cross_entropy":
        return _cross_entropy(temperature)
    if metric in ("auc", "balanced_accuracy", "correlation"):
        _check_several(metric, targets)
    if metric == "balanced_accuracy":
        return replace(CLASS_METRICS[metric], step=float(_balance(targets).max()))
    return CLASS_METRICS[metric]


def default_metric(num_outputs: int) -> MetricName:
    """`mse` for one output, `accuracy` for several."""
    return "mse" if num_outputs == 1 else "accuracy"


def confidence_metric(temperature: ScalarLike) -> Metric:
    """Largest share of softmax(outputs / T): how sure predictions are, whatever the targets.

    Args:
        temperature: T > 0; that of rows left out says how far such shares can be trusted.

    Raises:
        ValueError: for a temperature that is not positive.
    """
    number = _check_temperature(temperature)

    def by_row(
        predictions: Predictions, targets: Num[np.ndarray, " m"]
    ) -> Float[np.ndarray, "c m"]:
        return softmax(predictions / number, axis=-1).max(-1)

    return Metric("confidence", by_row, temperature=number, needs_targets=False)


def accuracy(predictions: Predictions, targets: Num[np.ndarray, " m"]) -> Float[np.ndarray, "c m"]:
    """1 where a row's largest output is its class."""
    return (predictions.argmax(-1) == targets).astype(np.float64)


def balanced_accuracy(
    predictions: Predictions, targets: Num[np.ndarray, " m"]
) -> Float[np.ndarray, "c m"]:
    """Hits weighted so that every class that occurs counts alike; mean 1 for all hits."""
    return accuracy(predictions, targets) * _balance(targets)


def balanced_soft_accuracy(
    predictions: Predictions, targets: Num[np.ndarray, " m"]
) -> Float[np.ndarray, "c m"]:
    """Soft accuracy weighted so that every class that occurs counts alike."""
    return soft_accuracy(predictions, targets) * _balance(targets)


def _balanced_influence(unweighted: Scores) -> Scores:
    """Influence on the mean over classes of their means, whose rows are drawn with the others."""

    def influence(
        predictions: Predictions, targets: Num[np.ndarray, " m"]
    ) -> Float[np.ndarray, "c m"]:
        shares = unweighted(predictions, targets)
        classes, places = np.unique(targets, return_inverse=True)
        of_class = np.stack([shares[:, places == k].mean(1) for k in range(len(classes))], axis=1)
        deviation = (shares - of_class[:, places]) * _balance(targets)
        return of_class.mean(1, keepdims=True) + deviation

    return influence


def _balance(targets: Num[np.ndarray, " m"]) -> Float[np.ndarray, " m"]:
    """Weights of rows under which every class that occurs counts alike; mean 1."""
    _, places, counts = np.unique(targets, return_inverse=True, return_counts=True)
    return len(targets) / (len(counts) * counts[places])


def soft_accuracy(
    predictions: Predictions, targets: Num[np.ndarray, " m"]
) -> Float[np.ndarray, "c m"]:
    """Share of a row's class in its outputs: clipped to [0, 1], then scaled to the sum 1.

    Outputs are fitted to one-hot targets, so that they estimate probabilities; where none is
    positive, every class gets the same share.
    """
    return _own_share(np.clip(predictions, 0.0, 1.0), targets)


def sharpened_accuracy(
    predictions: Predictions, targets: Num[np.ndarray, " m"]
) -> Float[np.ndarray, "c m"]:
    """Soft accuracy of outputs that were clipped to [0, 1] and raised to the power `SHARPNESS`.

    It counts nearly as accuracy does, but a row that is all but won, or but lost, counts for part:
    sets come in better order, parties' marginals in worse.

    References:
        Berthelot et al. 2019, eq. 7 (`berthelot2019mixmatch`), of temperature 1/`SHARPNESS`.
    """
    return _own_share(np.clip(predictions, 0.0, 1.0) ** SHARPNESS, targets)


def class_mse(predictions: Predictions, targets: Num[np.ndarray, " m"]) -> Float[np.ndarray, "c m"]:
    """Minus the squared error to one-hot targets, averaged over outputs."""
    one_hot = np.eye(predictions.shape[-1])[targets.astype(np.int64)]
    return -np.square(predictions - one_hot).mean(-1)


def soft_accuracy_minus_brier(
    predictions: Predictions, targets: Num[np.ndarray, " m"]
) -> Float[np.ndarray, "c m"]:
    """Soft accuracy minus `BRIER_WEIGHT` times the squared error summed over classes.

    Parties with wrong labels lower the former, parties with noise in their inputs the latter.

    References:
        Brier 1950 (`brier1950verification`).
    """
    brier = -predictions.shape[-1] * class_mse(predictions, targets)
    return soft_accuracy(predictions, targets) - BRIER_WEIGHT * brier


def scalar_mse(
    predictions: Predictions, targets: Num[np.ndarray, " m"]
) -> Float[np.ndarray, "c m"]:
    """Minus the squared error of the one output."""
    return -np.square(predictions[..., 0] - targets)


def r_squared(predictions: Predictions, targets: Num[np.ndarray, " m"]) -> Float[np.ndarray, "c m"]:
    """Share of the targets' variance that is explained; mean over rows of 1 − e²/variance."""
    return 1 + scalar_mse(predictions, targets) / np.var(targets)


def r_squared_influence(
    predictions: Predictions, targets: Num[np.ndarray, " m"]
) -> Float[np.ndarray, "c m"]:
    """Of R² = 1 − E/V: squared errors E and the variance V are drawn together."""
    shares, variance = r_squared(predictions, targets), np.var(targets)
    spread = np.square(targets - targets.mean()) / variance - 1
    return shares + (1 - shares.mean(1, keepdims=True)) * spread


CLASS_METRICS: Mapping[str, Metric] = {
    "accuracy": Metric("accuracy", accuracy, step=1.0),
    "balanced_accuracy": Metric(
        "balanced_accuracy", balanced_accuracy, influence=_balanced_influence(accuracy)
    ),
    "soft_accuracy": Metric("soft_accuracy", soft_accuracy),
    "balanced_soft_accuracy": Metric(
        "balanced_soft_accuracy",
        balanced_soft_accuracy,
        influence=_balanced_influence(soft_accuracy),
    ),
    "soft_accuracy_minus_brier": Metric("soft_accuracy_minus_brier", soft_accuracy_minus_brier),
    "sharpened_accuracy": Metric("sharpened_accuracy", sharpened_accuracy),
    "correlation": Metric("correlation", whole=correlation, influence=correlation_influence),
    "mse": Metric("mse", class_mse),
    "auc": Metric("auc", whole=auc, influence=auc_influence),
}
"""Metrics of classes that need no further choice."""


def _cross_entropy(temperature: ScalarLike) -> Metric:
    """Minus the cross-entropy of softmax(outputs / T)."""
    number = _check_temperature(temperature)

    def by_row(
        predictions: Predictions, targets: Num[np.ndarray, " m"]
    ) -> Float[np.ndarray, "c m"]:
        return _own(log_softmax(predictions / number, axis=-1), targets)

    return Metric("cross_entropy", by_row, temperature=number)


def _check_temperature(temperature: ScalarLike) -> float:
    number = float(np.asarray(temperature))
    if not (np.isfinite(number) and number > 0):
        raise ValueError(f"temperature: wanted a finite number > 0, got {number}; 1 is plain")
    return number


def _for_numbers(metric: str, targets: Num[np.ndarray, " m"]) -> Metric:
    if metric not in ("mse", "r2"):
        raise ValueError(f"metric: wanted mse or r2 for a single output, got {metric}; use mse")
    if metric == "r2" and not np.var(targets) > 0:
        raise ValueError(
            "metric: wanted validation targets that differ for r2, got equal ones; use mse"
        )
    if metric == "mse":
        return Metric(metric, scalar_mse)
    return Metric(metric, r_squared, influence=r_squared_influence)


def _own(outputs: Predictions, targets: Num[np.ndarray, " m"]) -> Float[np.ndarray, "c m"]:
    """Each row's output of its own class."""
    index = targets.astype(np.int64)
    return outputs[:, np.arange(len(index)), index]


def _own_share(outputs: Predictions, targets: Num[np.ndarray, " m"]) -> Float[np.ndarray, "c m"]:
    """Share of a row's class in outputs that are not negative; the same for all where all are 0."""
    total, own = outputs.sum(-1), _own(outputs, targets)
    even = np.full_like(own, 1 / outputs.shape[-1])
    return np.divide(own, total, out=even, where=total > 0)


def _check_classes(targets: Num[np.ndarray, " m"], num_outputs: int) -> None:
    is_class = (targets == np.floor(targets)) & (targets >= 0) & (targets < num_outputs)
    if not is_class.all():
        raise ValueError(
            f"validation_targets: wanted classes 0..{num_outputs - 1}, got "
            f"{targets[~is_class][0]}; number the classes as in the data"
        )


def _check_several(metric: str, targets: Num[np.ndarray, " m"]) -> None:
    if len(np.unique(targets)) < 2:
        raise ValueError(
            f"metric: wanted validation rows of two classes or more for {metric}, got only "
            f"{targets[0]}; use accuracy"
        )
