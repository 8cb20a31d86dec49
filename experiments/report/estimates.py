"""Numbers over seeds: one a row of a tidy frame, looked up by what they are, with intervals.

A number is a statistic of a subject, held against something or nothing, in one seed; an estimate
is its mean over seeds. Studies gather `Number`s, `Estimates` looks them up, and result.json holds
its `records`, from which `numbers_of` gives the numbers back.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from jaxtyping import Num

from davinz_jax.evaluation import kendall, mean_interval, pearson, spearman
from experiments.report.tables import digits

CORRELATIONS: Mapping[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "pearson": pearson,
    "spearman": spearman,
    "kendall": kendall,
}
"""The three correlations that every study measures, by name."""

GIVEN_SIZE = "spearman_given_size"
"""Rank correlation that is left once the number of rows is known."""

ORDERED = "ordered"
"""Share of pairs that are in order."""

CORRELATION = (-1.0, 1.0)
UNBOUNDED = (-np.inf, np.inf)
LIMITS: Mapping[str, tuple[float, float]] = {
    **dict.fromkeys((*CORRELATIONS, GIVEN_SIZE), CORRELATION),
    ORDERED: (0.0, 1.0),
}
"""Least and largest value of a statistic that has them."""

IDENTITY = ["statistic", "subject", "against"]


class Number(NamedTuple):
    """One number in one seed: a row of the tidy frame.

    Attributes:
        statistic: what was measured, e.g. `spearman`.
        subject: of what, e.g. `davinz`.
        against: what the subject was held against, e.g. `accuracy`; empty for nothing.
        seed: the seed.
        value: the number; NaN where it is not defined.
    """

    statistic: str
    subject: str
    against: str
    seed: Any
    value: float


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
            return digits(self.mean)
        return f"{digits(self.mean)} [{digits(self.low)}, {digits(self.high)}]"


def over_seeds(
    numbers: Sequence[float] | Num[np.ndarray, " s"],
    *,
    level: float,
    limits: tuple[float, float] = UNBOUNDED,
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


@dataclass(frozen=True)
class Estimates:
    """Numbers in a tidy frame, and their means with intervals.

    Attributes:
        frame: columns statistic, subject, against, seed, value; one row a number.
        level: coverage of the intervals.
    """

    frame: pd.DataFrame
    level: float

    @classmethod
    def of(cls, numbers: Iterable[Number], *, level: float) -> "Estimates":
        """Estimates of the numbers given."""
        return cls(pd.DataFrame(list(numbers), columns=list(Number._fields)), level)

    @property
    def seeds(self) -> list[Any]:
        """All seeds that a number is known in, in their order."""
        return self.frame["seed"].unique().tolist()

    @property
    def identities(self) -> list[tuple[str, str, str]]:
        """Statistic, subject and against of every estimate, in their order."""
        return list(self.frame[IDENTITY].drop_duplicates().itertuples(index=False, name=None))

    def get(self, statistic: str, subject: str, against: str = "") -> OverSeeds:
        """The mean of one number, with its interval and its value in every seed.

        Raises:
            KeyError: if there is no such number.
        """
        own = self._numbers(statistic, subject, against)
        if not len(own):
            wanted = (statistic, subject, against)
            raise KeyError(f"estimates: wanted one of {self.identities}, got {wanted}")
        numbers = own.set_index("seed")["value"].reindex(self.seeds).to_numpy(np.float64)
        return over_seeds(numbers, level=self.level, limits=LIMITS.get(statistic, UNBOUNDED))

    def has(self, statistic: str, subject: str, against: str = "") -> bool:
        """Whether there is such a number."""
        return len(self._numbers(statistic, subject, against)) > 0

    def _numbers(self, *identity: str) -> Any:
        same = [self.frame[name] == each for name, each in zip(IDENTITY, identity, strict=True)]
        return self.frame[np.logical_and.reduce(same)]

    def records(self) -> list[dict[str, Any]]:
        """As result.json holds them: one record an estimate, `each` in the order of `seeds`."""
        return [
            dict(zip(IDENTITY, identity, strict=True)) | asdict(self.get(*identity))
            for identity in self.identities
        ]


def correlations(
    subject: str,
    against: str,
    seed: Any,
    values: Num[np.ndarray, " n"],
    others: Num[np.ndarray, " n"],
) -> Iterator[Number]:
    """The three correlations of a subject's values with others, in one seed."""
    for statistic, measure in CORRELATIONS.items():
        yield Number(statistic, subject, against, seed, measure(values, others))


def numbers_of(result: Mapping[str, Any]) -> Iterator[Number]:
    """The numbers of a result.json; a valuation's are its players' values."""
    for record in result.get("estimates", ()):
        statistic, subject, against = (record[name] for name in IDENTITY)
        for seed, value in zip(result["seeds"], record["each"], strict=True):
            yield Number(statistic, subject, against, seed, np.nan if value is None else value)
    for player in result.get("players", ()):
        yield Number("value", player["name"], "", result["config"].get("seed"), player["value"])
