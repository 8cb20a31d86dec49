"""Errors of predictions that were made without the row they are for.

`squared_error` to target columns; for classes, one target column each, `misclassification` and
`cross_entropy` of the softmax at the temperature that makes it least. All take predictions
(..., n, k), and average over rows with their weights.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal

import numpy as np
from jaxtyping import Float, Int
from scipy.special import logsumexp, softmax

Loss = Literal["squared_error", "misclassification", "cross_entropy"]

NEWTON_STEPS = 30
"""Steps of Newton's method in the log of the temperature, at most."""

LIMITS = (-12.0, 12.0)
"""Least and largest log of the inverse temperature: beyond, the softmax no longer changes."""


def squared_error(
    predictions: Float[np.ndarray, "*b n k"],
    targets: Float[np.ndarray, "n k"],
    weights: Float[np.ndarray, " n"],
) -> Float[np.ndarray, "*b"]:
    """Weighted mean over rows of the mean square over columns."""
    return _mean(np.square(predictions - targets).mean(-1), weights)


def misclassification(
    predictions: Float[np.ndarray, "*b n k"],
    targets: Float[np.ndarray, "n k"],
    weights: Float[np.ndarray, " n"],
) -> Float[np.ndarray, "*b"]:
    """Weighted share of rows whose largest prediction is another column than their target's."""
    wrong = predictions.argmax(-1) != targets.argmax(-1)
    return _mean(wrong.astype(np.float64), weights)


def cross_entropy(
    predictions: Float[np.ndarray, "*b n k"],
    targets: Float[np.ndarray, "n k"],
    weights: Float[np.ndarray, " n"],
) -> Float[np.ndarray, "*b"]:
    """Weighted mean of −log softmax(predictions / T) of the row's class, at the best T."""
    classes = targets.argmax(-1)
    inverse = inverse_temperature(predictions, classes, weights)
    scaled = predictions * inverse[..., None, None]
    own = np.take_along_axis(scaled, _places(scaled, classes), -1)[..., 0]
    return _mean(logsumexp(scaled, axis=-1) - own, weights)


LOSSES: Mapping[Loss, Callable[..., np.ndarray]] = {
    "squared_error": squared_error,
    "misclassification": misclassification,
    "cross_entropy": cross_entropy,
}
"""Errors by name."""


def inverse_temperature(
    predictions: Float[np.ndarray, "*b n k"],
    classes: Int[np.ndarray, " n"],
    weights: Float[np.ndarray, " n"] | None = None,
) -> Float[np.ndarray, "*b"]:
    """β = 1/T > 0 at which the cross-entropy of softmax(β·predictions) is least.

    The cross-entropy is convex in β; its minimum is found by Newton's method in log β, kept in a
    bracket. Predictions that are never wrong have no finite β: the largest is returned, as the
    smallest is where they are worse than chance.

    Args:
        predictions: outputs, best those of rows left out.
        classes: column of each row's class.
        weights: times each row counts; once by default.
    """
    weights = np.ones(len(classes)) if weights is None else weights
    low = np.full(predictions.shape[:-2], LIMITS[0])
    high = np.full(predictions.shape[:-2], LIMITS[1])
    log_beta = np.clip(-np.log(predictions.std(axis=(-2, -1)) + 1e-30), *LIMITS)
    for _ in range(NEWTON_STEPS):
        slope, curvature = _slopes(predictions, classes, weights, np.exp(log_beta))
        low, high = np.where(slope < 0, log_beta, low), np.where(slope < 0, high, log_beta)
        step = log_beta - slope / np.maximum(curvature, 1e-300)
        middle = (low + high) / 2
        following = np.where((step > low) & (step < high), step, middle)
        if np.all(np.abs(following - log_beta) < 1e-9):
            break
        log_beta = following
    return np.asarray(np.exp(log_beta))


def _slopes(
    predictions: Float[np.ndarray, "*b n k"],
    classes: Int[np.ndarray, " n"],
    weights: Float[np.ndarray, " n"],
    beta: Any,  # (*b), a scalar where there is none
) -> tuple[Any, Any]:
    """First and second derivative of the cross-entropy in log β."""
    chances = softmax(predictions * beta[..., None, None], axis=-1)
    mean = (chances * predictions).sum(-1)
    variance = (chances * np.square(predictions - mean[..., None])).sum(-1)
    own = np.take_along_axis(predictions, _places(predictions, classes), -1)[..., 0]
    slope = beta * _mean(mean - own, weights)
    return slope, slope + np.square(beta) * _mean(variance, weights)


def _places(
    predictions: Float[np.ndarray, "*b n k"], classes: Int[np.ndarray, " n"]
) -> Int[np.ndarray, "*b n 1"]:
    """Index of each row's own column, for `take_along_axis`."""
    places = np.broadcast_to(classes[:, None], (*predictions.shape[:-1], 1))
    return places.astype(np.int64)


def _mean(
    by_row: Float[np.ndarray, "*b n"], weights: Float[np.ndarray, " n"]
) -> Float[np.ndarray, "*b"]:
    return np.asarray(by_row @ weights / weights.sum())
