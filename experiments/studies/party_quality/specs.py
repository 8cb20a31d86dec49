"""Which games there are: data, what parties differ by, sizes; those that choose and those shown.

Where a data set is large, choosing games take its even rows and showing games its odd ones; digits
is small, and its games part the same rows anew.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

LABELS, INPUTS, COPIES = "labels", "inputs", "copies"
ORDERED = (LABELS, INPUTS)
"""Qualities that order all parties; copies serve comparisons."""

NUM_PARTIES = 8
WORST_SHARE = 0.45
"""Wrong labels of the worst party; the best has none, the others lie evenly between."""

SHOWING = 100
"""Number of the first showing draw, beyond all choosing ones."""

NOISE_STEP = 0.2
"""Noise of the k-th party is k such steps, in standard deviations of the inputs."""


@dataclass(frozen=True)
class Spec:
    """What a game is.

    Attributes:
        data: name of the data set.
        quality: what parties differ by: wrong labels, noise in the inputs, or copies.
        draw: number of the draw, from which its random key is.
        half: 0 for even rows, 1 for odd ones of a large data set, None for all.
        rows: rows a class of each party.
        validation: validation rows a class.
        num_initialisations: draws of the untrained network.
    """

    data: str
    quality: str
    draw: int
    half: int | None
    rows: int
    validation: int
    num_initialisations: int = 3

    @property
    def name(self) -> str:
        """One of a kind, and the name of a file."""
        return f"{self.data}-{self.quality}-{self.draw}"

    @property
    def num_classes(self) -> int:
        """Classes of the data set."""
        return 10 if self.data in ("digits", "mnist") else 2


SIZES: Mapping[str, dict[str, Any]] = {
    "digits": {"rows": 10, "validation": 50},
    "mnist": {"rows": 13, "validation": 50, "num_initialisations": 2},
    "magic": {"rows": 50, "validation": 250},
    "spambase": {"rows": 50, "validation": 250},
}
"""Rows a class of a party and of the validation set: 800 to 1,000 and 800 rows."""


@dataclass(frozen=True)
class Plan:
    """The games of a run.

    Attributes:
        choosing: games that the score is chosen on.
        showing: games that results are shown on; none of them served the choice.
        growing_data: data set whose showing games of wrong labels are judged on ever more rows;
            empty for none.
        validation_rows: how many, a class.
    """

    choosing: tuple[Spec, ...]
    showing: tuple[Spec, ...]
    growing_data: str
    validation_rows: tuple[int, ...]

    @property
    def roles(self) -> tuple[tuple[str, Spec], ...]:
        """Every game with its role, `choosing` or `showing`."""
        both = {"choosing": self.choosing, "showing": self.showing}
        return tuple((role, spec) for role, specs in both.items() for spec in specs)

    @property
    def growing(self) -> tuple[Spec, ...]:
        """The games that are judged on ever more validation rows."""
        return tuple(
            spec
            for spec in self.showing
            if (spec.data, spec.quality) == (self.growing_data, LABELS)
        )

    @property
    def kinds(self) -> tuple[tuple[str, Spec], ...]:
        """The first game of each role, quality and data set."""
        first = {(role, spec.quality, spec.data): (role, spec) for role, spec in self.roles[::-1]}
        return tuple(first.values())[::-1]


def _games(
    draws: range, half: int, data: Sequence[str], qualities: Sequence[str], **sizes: Any
) -> Iterator[Spec]:
    """One game of each data set and quality a draw; draw by draw."""
    for draw, quality, name in product(draws, qualities, data):
        own = None if name == "digits" else half
        yield Spec(name, quality, draw, own, **(SIZES[name] | sizes))


def _plan(
    num_draws: tuple[int, int],
    choosing: Sequence[str],
    showing: Sequence[str],
    copies: Sequence[str],
    growing: tuple[str, tuple[int, ...]],
    **sizes: Any,
) -> Plan:
    first, second = range(num_draws[0]), range(SHOWING, SHOWING + num_draws[1])
    return Plan(
        tuple(_games(first, 0, choosing, ORDERED, **sizes)),
        (
            *_games(second, 1, showing, ORDERED, **sizes),
            *_games(second, 1, copies, (COPIES,), **sizes),
        ),
        *growing,
    )


_SMALL = {"rows": 2, "validation": 5, "num_initialisations": 1}
_GROWING = ("mnist", (10, 50, 100, 400))
_ALL, _SMALLER = tuple(SIZES), tuple(name for name in SIZES if name != "mnist")
PLANS: Mapping[str, Plan] = {
    "smoke": _plan((1, 1), ("digits",), ("digits",), ("digits",), ("digits", (5, 20)), **_SMALL),
    "reduced": _plan((5, 10), ("digits", "magic"), _ALL, _SMALLER, ("", ())),
    "full": _plan((40, 40), _ALL, _ALL, _ALL, _GROWING, num_initialisations=5),
}
"""Plans by the size of a run; in the reduced one half of the data sets serve no choice at all."""
