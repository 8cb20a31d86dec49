"""Times of several sides, measured in turns, and what follows from them.

The first call of a side holds its compilation and is kept apart. Then all sides are called once a
round, A B A B, so that ratios are of neighbours in time; a ratio is the median over rounds.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

LEAST_ROUNDS = 3


@dataclass(frozen=True)
class Effort:
    """How long one measurement may go on.

    Attributes:
        rounds: calls of each side after the first, at most.
        seconds: no further round is begun after these, once there were three (or `rounds`).
    """

    rounds: int
    seconds: float


@dataclass(frozen=True)
class Timings:
    """Seconds of each side.

    Attributes:
        first: the first call, compilation included.
        rounds: the calls after it, one a round.
        answers: what the first call gave.
    """

    first: Mapping[str, float]
    rounds: Mapping[str, Sequence[float]]
    answers: Mapping[str, Any]

    def median(self, side: str) -> float:
        """Median seconds of a side."""
        return float(np.median(self.rounds[side]))

    def side(self, name: str, **more: Any) -> dict[str, Any]:
        """What a record holds of a side: compilation apart from steady state."""
        compiling = max(self.first[name] - self.median(name), 0.0)
        return {"compile_seconds": compiling, "seconds": spread(self.rounds[name]), **more}

    def ratio(self, above: str, below: str) -> list[float]:
        """Seconds of one side over those of another, round by round."""
        pairs = zip(self.rounds[above], self.rounds[below], strict=True)
        return [over / under for over, under in pairs]


def interleave(sides: Mapping[str, Callable[[], Any]], effort: Effort) -> Timings:
    """Call every side once, then in turns until the effort is spent."""
    first, answers = {}, {}
    for name, call in sides.items():
        first[name], answers[name] = time_call(call)
    rounds: dict[str, list[float]] = {name: [] for name in sides}
    start = time.perf_counter()
    for done in range(effort.rounds):
        if done >= LEAST_ROUNDS and time.perf_counter() - start > effort.seconds:
            break
        for name, call in sides.items():
            rounds[name].append(time_call(call)[0])
    return Timings(first, rounds, answers)


def time_call(call: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds of one call until its answer is there, and the answer."""
    import jax

    start = time.perf_counter()
    answer = jax.block_until_ready(call())
    return time.perf_counter() - start, answer


def spread(values: Sequence[float]) -> dict[str, float]:
    """Least, median and largest of repeated measurements, and how many there were."""
    return {
        "min": float(np.min(values)),
        "median": float(np.median(values)),
        "max": float(np.max(values)),
        "repeats": len(values),
    }


@dataclass(frozen=True)
class Check:
    """A number that answers the question of a measurement, and what it is wanted to be.

    Attributes:
        what: the number in words, e.g. `neural_tangents / layerwise, seconds`.
        value: spread of the number.
        at_least: lower bound on the median, if any.
        at_most: upper bound on the median, if any.
    """

    what: str
    value: Mapping[str, float]
    at_least: float | None = None
    at_most: float | None = None

    def as_record(self) -> dict[str, Any]:
        """Fields, and whether the bounds hold; None without bounds."""
        low = -np.inf if self.at_least is None else self.at_least
        high = np.inf if self.at_most is None else self.at_most
        has_bound = (self.at_least, self.at_most) != (None, None)
        is_met = bool(low <= self.value["median"] <= high)
        return asdict(self) | {"is_met": is_met if has_bound else None}


def ratio_check(timings: Timings, above: str, below: str, **bounds: float | None) -> Check:
    """A check on the seconds of one side over those of another."""
    value = spread(timings.ratio(above, below))
    return Check(f"{above} / {below}, seconds", value, **bounds)


def number_check(what: str, value: float, **bounds: float | None) -> Check:
    """A check on a number measured once."""
    return Check(what, spread([value]), **bounds)


def record(
    sides: Mapping[str, Mapping[str, Any]],
    checks: Sequence[Check],
    *,
    error: float,
    error_bound: float,
    error_of: str,
    **more: Any,
) -> dict[str, Any]:
    """What a measurement gives.

    Args:
        sides: numbers of each side.
        checks: the answers.
        error: how far the sides' numbers are apart.
        error_bound: how far they may be.
        error_of: what the error is relative to, and of what.
        more: anything else worth keeping.
    """
    agreement = {"error": float(error), "bound": error_bound, "of": error_of}
    return {
        "sides": {name: dict(side) for name, side in sides.items()},
        "checks": [check.as_record() for check in checks],
        "agreement": agreement | {"is_met": bool(error <= error_bound)},
        **more,
    }


def relative_error(found: Any, wanted: Any) -> float:
    """Largest difference over the largest entry."""
    found, wanted = np.asarray(found, np.float64), np.asarray(wanted, np.float64)
    return float(np.abs(found - wanted).max() / np.abs(wanted).max())
