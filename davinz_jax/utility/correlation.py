"""The correlation of predictions with labels: how well they order sets, whatever their size.

A regression on few or noisy rows shrinks its predictions, which a squared error punishes though no
decision changes. ρ does not see shrinking: ρ² is the share of the one-hot targets' variance that
the predictions explain once they are centred and scaled as suits them best.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Num


class _Moments(NamedTuple):
    """Of each row and in the mean: products of outputs and targets, squares of either."""

    products: Float[np.ndarray, "c m"]
    of_outputs: Float[np.ndarray, "c m"]
    of_targets: Float[np.ndarray, " m"]

    @property
    def scale(self) -> Float[np.ndarray, " c"]:
        """√(variance of the outputs × variance of the targets); 0 for equal predictions."""
        return np.sqrt(self.of_outputs.mean(1) * self.of_targets.mean())


def correlation(
    predictions: Float[np.ndarray, "c m k"], targets: Num[np.ndarray, " m"]
) -> Float[np.ndarray, " c"]:
    """Correlation in [−1, 1] of outputs with one-hot targets, over all rows and classes at once.

    Outputs are centred for each row, as no decision sees what all classes share, then for each
    class. Predictions that are the same for all rows have 0.
    """
    found = _moments(predictions, targets)
    products = found.products.mean(1)
    return np.divide(products, found.scale, out=np.zeros_like(products), where=found.scale > 0)


def correlation_influence(
    predictions: Float[np.ndarray, "c m k"], targets: Num[np.ndarray, " m"]
) -> Float[np.ndarray, "c m"]:
    """Of the correlation: each row's influence, whose mean is the correlation.

    References:
        Devlin, Gnanadesikan & Kettenring 1975 (`devlin1975robust`).
    """
    found = _moments(predictions, targets)
    rho = correlation(predictions, targets)[:, None]
    scale = found.scale[:, None]
    shares = np.divide(found.products, scale, out=np.zeros_like(found.products), where=scale > 0)
    own = found.of_outputs.mean(1, keepdims=True)
    spread = np.divide(found.of_outputs, own, out=np.ones_like(found.of_outputs), where=own > 0)
    spread = spread + found.of_targets / found.of_targets.mean()
    return rho + shares - rho / 2 * spread


def _moments(predictions: Float[np.ndarray, "c m k"], targets: Num[np.ndarray, " m"]) -> _Moments:
    one_hot = np.eye(predictions.shape[-1])[targets.astype(np.int64)]
    labels = one_hot - one_hot.mean(0)
    outputs = predictions - predictions.mean(2, keepdims=True)
    outputs = outputs - outputs.mean(1, keepdims=True)
    return _Moments((outputs * labels).sum(2), np.square(outputs).sum(2), np.square(labels).sum(1))
