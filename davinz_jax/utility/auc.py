"""The area under the ROC curve, of many coalitions at once, and what each row adds to it."""

import numpy as np
from jaxtyping import Bool, Float, Num
from scipy.stats import rankdata

Predictions = Float[np.ndarray, "c m k"]


def auc(predictions: Predictions, targets: Num[np.ndarray, " m"]) -> Float[np.ndarray, " c"]:
    """Area under the ROC curve: of the second class for two, else the mean of one against the rest.

    For two classes the score is the difference of the outputs; a class that no validation row has
    is left out of the mean. Ties count half.
    """
    return np.mean([_area(s, positive) for s, positive in _curves(predictions, targets)], axis=0)


def auc_influence(
    predictions: Predictions, targets: Num[np.ndarray, " m"]
) -> Float[np.ndarray, "c m"]:
    """Of the area under the ROC curve: a row's place among the rows of the other side.

    References:
        DeLong et al. 1988 (`delong1988comparing`).
    """
    found = [_area_influence(s, positive) for s, positive in _curves(predictions, targets)]
    return np.mean(found, axis=0)


def _curves(
    predictions: Predictions, targets: Num[np.ndarray, " m"]
) -> list[tuple[Float[np.ndarray, "c m"], Bool[np.ndarray, " m"]]]:
    """Scores of each curve, and which rows they should be high for."""
    if predictions.shape[-1] == 2:
        return [(predictions[..., 1] - predictions[..., 0], targets == 1)]
    return [(predictions[..., int(c)], targets == c) for c in np.unique(targets)]


def _area(
    scores: Float[np.ndarray, "c m"], is_positive: Bool[np.ndarray, " m"]
) -> Float[np.ndarray, " c"]:
    positive, negative = int(is_positive.sum()), int((~is_positive).sum())
    ranks = rankdata(scores, axis=1)[:, is_positive].sum(1)
    return (ranks - positive * (positive + 1) / 2) / (positive * negative)


def _area_influence(
    scores: Float[np.ndarray, "c m"], is_positive: Bool[np.ndarray, " m"]
) -> Float[np.ndarray, "c m"]:
    ranks, places = rankdata(scores, axis=1), np.empty_like(scores)
    for side in (is_positive, ~is_positive):
        places[:, side] = ranks[:, side] - rankdata(scores[:, side], axis=1)
    positive, negative = int(is_positive.sum()), int((~is_positive).sum())
    area = places[:, is_positive].sum(1, keepdims=True) / (positive * negative)
    won = np.where(is_positive, places / negative, 1 - places / positive)
    share = np.where(is_positive, positive, negative) / len(is_positive)
    return area + (won - area) / share
