"""A budget of time: what was spent, before and since a kill, and whether one more step fits."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

RECENT = 5
"""Steps whose longest is what the next is expected to take."""

RESERVE = 0.08
"""Share of the budget kept for what comes after the last step, `MOST_RESERVE` at most."""

MOST_RESERVE = 15.0  # seconds

Clock = Callable[[], float]


@dataclass
class Budget:
    """Seconds that may be spent, and those that are.

    Attributes:
        seconds: that may be spent in all.
        before: spent by runs that this one goes on from.
        first: that the first step is expected to take.
        began: by the clock; None for now.
        clock: seconds since any moment.
    """

    seconds: float
    before: float = 0.0
    first: float = 0.0
    began: float | None = None
    clock: Clock = time.monotonic
    _start: float = field(init=False)
    _steps: list[float] = field(init=False, default_factory=list)
    _noted: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self._start = self.clock() if self.began is None else self.began

    @property
    def spent(self) -> float:
        """Seconds spent so far, those before included."""
        return self.before + self.clock() - self._start

    @property
    def left(self) -> float:
        """Seconds left for steps."""
        reserve = min(RESERVE * self.seconds, MOST_RESERVE)
        return self.seconds - reserve - self.spent

    @property
    def expected(self) -> float:
        """Seconds that the next step is expected to take; 0 where nothing is known."""
        return max(self._steps[-RECENT:], default=self.first)

    def note(self, seconds: float) -> None:
        """Take down what a step took; the first one, which compiled, is forgotten for a second."""
        if self._noted == 1:
            self._steps.clear()
        self._steps.append(seconds)
        self._noted += 1

    @property
    def is_known(self) -> bool:
        """Whether a step was taken down in which nothing was compiled."""
        return self._noted > 1

    def fits(self) -> bool:
        """Whether one more step is expected to end in time."""
        return self.expected <= self.left

    def steps_left(self) -> int | None:
        """Further steps that are expected to fit; None where nothing is known."""
        return int(max(self.left, 0) / self.expected) if self.expected else None
