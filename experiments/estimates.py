"""Numbers over seeds with their intervals, and how well two lists of numbers agree.

An `Estimate` is a mean over seeds with Student's t interval; correlations of one seed get a
percentile bootstrap interval over items where there are many of them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy import stats

LEAST_DISTINCT = 3
"""Distinct items that a resample must hold for its correlation to mean anything."""


@dataclass(frozen=True)
class Estimate:
    """Mean over seeds, with an interval where there are two or more.

    Attributes:
        mean: over the seeds where the number is defined; None where it is in none.
        low: lower limit; None for a single seed.
        high: upper limit; None for a single seed.
        each: the number in each seed; None where it is not defined.
    """

    mean: float | None
    low: float | None
    high: float | None
    each: tuple[float | None, ...]

    def __str__(self) -> str:
        if self.mean is None:
            return "undefined"
        if self.low is None or self.high is None:
            return figure(self.mean)
        return f"{figure(self.mean)} [{figure(self.low)}, {figure(self.high)}]"

    def to_dict(self) -> dict[str, Any]:
        """As result.json holds it."""
        return {"mean": self.mean, "low": self.low, "high": self.high, "each": list(self.each)}


def figure(number: float) -> str:
    """A number in about three digits, for tables."""
    if number == 0 or 0.01 <= abs(number) < 1000:
        return f"{number:.2f}" if abs(number) < 100 else f"{number:.0f}"
    return f"{number:.2g}"


def over_seeds(
    numbers: Sequence[float],
    *,
    level: float,
    limits: tuple[float, float] = (-np.inf, np.inf),
) -> Estimate:
    """Mean and t interval of one number a seed.

    Args:
        numbers: one for each seed; NaN where it is not defined.
        level: coverage of the interval.
        limits: least and largest value the number can take, e.g. (-1, 1); the interval is cut there.
    """
    array = np.asarray(numbers, np.float64)
    each = tuple(float(x) if np.isfinite(x) else None for x in array)
    finite = array[np.isfinite(array)]
    if not len(finite):
        return Estimate(None, None, None, each)
    mean = float(finite.mean())
    if len(finite) < 2:
        return Estimate(mean, None, None, each)
    reach = stats.t.ppf((1 + level) / 2, len(finite) - 1) * stats.sem(finite)
    low, high = np.clip([mean - reach, mean + reach], *limits)
    return Estimate(mean, float(low), float(high), each)


def pearson(x: Float[np.ndarray, " n"], y: Float[np.ndarray, " n"]) -> float:
    """Pearson's correlation; NaN where one side is constant."""
    return float("nan") if _constant(x, y) else float(np.corrcoef(x, y)[0, 1])


def spearman(x: Float[np.ndarray, " n"], y: Float[np.ndarray, " n"]) -> float:
    """Spearman's rank correlation; NaN where one side is constant."""
    return pearson(stats.rankdata(x), stats.rankdata(y))


def kendall(x: Float[np.ndarray, " n"], y: Float[np.ndarray, " n"]) -> float:
    """Kendall's τ-b; NaN where one side is constant."""
    return float("nan") if _constant(x, y) else float(stats.kendalltau(x, y)[0])


CORRELATIONS: Mapping[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "pearson": pearson,
    "spearman": spearman,
    "kendall": kendall,
}
"""The three correlations that tables show, by name."""


def bootstrap_interval(
    measure: Callable[[np.ndarray, np.ndarray], float],
    x: Float[np.ndarray, " n"],
    y: Float[np.ndarray, " n"],
    *,
    level: float,
    num: int,
    generator: np.random.Generator,
) -> tuple[float, float]:
    """Percentile interval of a correlation, over resamples of its n pairs; NaN if undefined."""
    rows = generator.integers(len(x), size=(num, len(x)))
    usable = [row for row in rows if len(np.unique(row)) >= LEAST_DISTINCT]
    found = np.array([measure(x[row], y[row]) for row in usable])
    found = found[np.isfinite(found)]
    if not len(found):
        return float("nan"), float("nan")
    low, high = np.quantile(found, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _constant(x: np.ndarray, y: np.ndarray) -> bool:
    return len(x) < 2 or np.ptp(x) == 0 or np.ptp(y) == 0
