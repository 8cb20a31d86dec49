"""Numbers over seeds with their intervals, ready for tables and result.json."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from davinz_jax.evaluation import kendall, mean_interval, pearson, spearman

CORRELATIONS: Mapping[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "pearson": pearson,
    "spearman": spearman,
    "kendall": kendall,
}
"""The three correlations that tables show, by name."""

CORRELATION = (-1.0, 1.0)
SHARE = (0.0, 1.0)
UNBOUNDED = (-np.inf, np.inf)


@dataclass(frozen=True)
class OverSeeds:
    """Mean over seeds, with an interval where there are two or more.

    Attributes:
        mean: over the seeds where the number is defined; None where it is in none.
        low: lower limit; None for a single seed.
        high: upper limit; None for a single seed.
        each: the number in each seed; None where it is not defined.
    """

    mean: float | None
    low: float | None = None
    high: float | None = None
    each: tuple[float | None, ...] = ()

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
    """A number in two or three digits, for tables."""
    if number == 0 or 0.01 <= abs(number) < 1000:
        return f"{number:.2f}" if abs(number) < 100 else f"{number:.0f}"
    return f"{number:.2g}"


def shown(number: float | None) -> str:
    """A number, or a dash where it is not defined."""
    return "-" if number is None else figure(number)


def over_seeds(
    numbers: Sequence[float], *, level: float, limits: tuple[float, float] = UNBOUNDED
) -> OverSeeds:
    """Mean and Student's interval of one number a seed.

    Args:
        numbers: one for each seed; NaN where it is not defined.
        level: coverage of the interval.
        limits: least and largest value the number can take; the interval is cut there.
    """
    array = np.asarray(numbers, np.float64)
    each = tuple(float(x) if np.isfinite(x) else None for x in array)
    finite = array[np.isfinite(array)]
    if not len(finite):
        return OverSeeds(None, each=each)
    found = mean_interval(finite, level=level)
    if len(finite) < 2:
        return OverSeeds(found.value, each=each)
    low, high = np.clip([found.low, found.high], *limits)
    return OverSeeds(found.value, float(low), float(high), each)
