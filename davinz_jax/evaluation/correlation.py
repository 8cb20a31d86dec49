"""How well values agree with the truth, with intervals over items or over seeds."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Num, ScalarLike
from scipy import stats

from davinz_jax.data.randomness import numpy_generator
from davinz_jax.types import PRNGKey

Statistic = Callable[[np.ndarray, np.ndarray], float]


@dataclass(frozen=True)
class Estimate:
    """A number with its interval.

    Attributes:
        value: the estimate.
        low: lower limit.
        high: upper limit.
    """

    value: float
    low: float
    high: float


def pearson(x: Num[np.ndarray, " n"], y: Num[np.ndarray, " _"]) -> float:
    """Linear correlation; NaN where one side is constant or there are fewer than two items."""
    return _correlation(stats.pearsonr, x, y)


def spearman(x: Num[np.ndarray, " n"], y: Num[np.ndarray, " _"]) -> float:
    """Rank correlation; NaN as for `pearson`."""
    return _correlation(stats.spearmanr, x, y)


def kendall(x: Num[np.ndarray, " n"], y: Num[np.ndarray, " _"]) -> float:
    """Kendall's τ-b, which allows for ties; NaN as for `pearson`."""
    return _correlation(stats.kendalltau, x, y)


def bootstrap_items(
    statistic: Statistic,
    x: Num[np.ndarray, " n"],
    y: Num[np.ndarray, " n"],
    *,
    key: PRNGKey,
    num_resamples: int = 1000,
    level: ScalarLike = 0.95,
) -> Estimate:
    """A statistic of paired items, with the percentile interval over resampled items.

    Args:
        statistic: of two arrays, e.g. `pearson`.
        x: one number an item.
        y: the other.
        key: decides the resamples.
        num_resamples: how many.
        level: probability that the interval is to cover.

    Returns:
        The statistic; limits are NaN if it is not defined on any resample.
    """
    draws = numpy_generator(key).integers(len(x), size=(num_resamples, len(x)))
    found = [statistic(x[items], y[items]) for items in draws]
    return interval(statistic(x, y), np.array(found), level)


def mean_interval(values: Num[np.ndarray, " s"], *, level: ScalarLike = 0.95) -> Estimate:
    """Mean over seeds with Student's interval; limits are NaN for one seed."""
    mean = float(np.mean(values))
    if len(values) < 2:
        return Estimate(mean, float("nan"), float("nan"))
    quantile = stats.t.ppf((1 + np.asarray(level)) / 2, len(values) - 1)
    half = float(quantile * np.std(values, ddof=1) / np.sqrt(len(values)))
    return Estimate(mean, mean - half, mean + half)


def _correlation(function: Callable, x: np.ndarray, y: np.ndarray) -> float:
    if x.shape != y.shape:
        raise ValueError(
            f"y: wanted one number for each of {len(x)} items, got {len(y)}; pair the items"
        )
    if len(x) < 2 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return float("nan")
    return float(function(x, y)[0])


def interval(value: float, resamples: Float[np.ndarray, " b"], level: ScalarLike) -> Estimate:
    """An estimate with the percentile interval of its resamples; those not defined are left out."""
    defined = resamples[np.isfinite(resamples)]
    if len(defined) == 0:
        return Estimate(value, float("nan"), float("nan"))
    tail = (1 - np.asarray(level)) / 2
    low, high = np.quantile(defined, [tail, 1 - tail])
    return Estimate(value, float(low), float(high))
