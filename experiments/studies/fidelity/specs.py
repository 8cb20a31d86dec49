"""Which draws there are: data, network, sizes; those that defaults are chosen on, and those shown.

No showing draw serves a choice. Where a data set is large, choosing draws take its even rows and
showing draws its odd ones; digits is small, and its showing draws part the same rows anew.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

TABLES = ("magic", "optdigits", "phoneme", "ring", "spambase", "twonorm")
"""Tables of UCI and KEEL, read from tables/NAME.csv.gz below the data folder."""


@dataclass(frozen=True)
class Spec:
    """What a draw is.

    Attributes:
        data: name of the data set.
        network: mlp or cnn.
        key: of everything random.
        num_sets: sets, all recipes' or a random choice of them.
        num_rows: rows of a set; a multiple of the classes.
        half: 0 for even rows, 1 for odd ones of a large data set, None for all.
        base: rows a class that sets are made from.
        validation: rows a class for scores.
        stopping: rows a class that end a training.
        test: rows a class, at most, for the truth.
        num_seeds: networks trained on each set.
        rate: learning rate of these trainings.
        num_initialisations: draws of the untrained network for the scores.
    """

    data: str
    network: str
    key: int
    num_sets: int
    num_rows: int
    half: int | None
    base: int
    validation: int
    stopping: int
    test: int
    num_seeds: int = 8
    rate: float = 2e-3
    num_initialisations: int = 5

    @property
    def name(self) -> str:
        """One of a kind, and the name of a folder."""
        return f"{self.data}-{self.network}-{self.key}"


_MANY = {"base": 60, "validation": 30, "stopping": 20, "test": 100}
_TWO = {"base": 250, "validation": 150, "stopping": 100, "test": 600}
_CIFAR10 = {"num_rows": 250, "base": 80, "stopping": 30, "test": 150, "num_seeds": 6, "rate": 5e-4}
SIZES: Mapping[str, dict[str, Any]] = {
    "mnist": _MANY | {"test": 150},
    "cifar10": _MANY | _CIFAR10,
    "digits": {"base": 50, "validation": 25, "stopping": 15, "test": 100},
    "optdigits": {"base": 60, "validation": 30, "stopping": 20, "test": 167},
    "breast_cancer": {"num_rows": 80, "base": 60, "validation": 40, "stopping": 20, "test": 100},
    **{name: _TWO for name in TABLES if name != "optdigits"},
}
"""Rows of a set, rows a class of each part, and how networks are trained, where not the usual."""


def _spec(data: str, network: str, key: int, num_sets: int, **how: Any) -> Spec:
    seeds = {"mlp": 8, "cnn": 4}[network]
    options = {"num_rows": 150, "half": None, "num_seeds": seeds} | SIZES[data] | how
    return Spec(data, network, key, num_sets, **options)


@dataclass(frozen=True)
class Plan:
    """The draws of a run.

    Attributes:
        choosing: draws that defaults are chosen on.
        showing: draws that results are shown on; none of them served a choice.
    """

    choosing: tuple[Spec, ...]
    showing: tuple[Spec, ...]

    @property
    def roles(self) -> tuple[tuple[str, Spec], ...]:
        """Every draw with its role, `choosing` or `showing`."""
        both = {"choosing": self.choosing, "showing": self.showing}
        return tuple((role, spec) for role, specs in both.items() for spec in specs)


_SMALL = {"num_rows": 80, "base": 10, "validation": 6, "stopping": 5, "test": 20,
          "num_seeds": 2, "num_initialisations": 2}  # fmt: skip
SMOKE = Plan(
    choosing=(_spec("digits", "mlp", 8, 10, **_SMALL),),
    showing=(_spec("digits", "mlp", 9, 12, **_SMALL),),
)
REDUCED = Plan(
    choosing=(
        _spec("digits", "cnn", 0, 40),
        _spec("ring", "mlp", 0, 40),
        _spec("magic", "mlp", 0, 40, half=0),
        _spec("optdigits", "mlp", 0, 40, half=0),
        _spec("mnist", "mlp", 0, 40, half=0),
        _spec("mnist", "cnn", 0, 40, half=0),
        _spec("cifar10", "cnn", 0, 36, half=0),
    ),
    showing=(
        _spec("digits", "mlp", 1, 56),
        _spec("digits", "cnn", 1, 56),
        _spec("breast_cancer", "mlp", 1, 55),
        _spec("magic", "mlp", 1, 55, half=1),
        _spec("phoneme", "mlp", 1, 55),
        _spec("spambase", "mlp", 1, 55),
        _spec("optdigits", "mlp", 1, 59, half=1),
        _spec("mnist", "mlp", 1, 60, half=1),
        _spec("mnist", "cnn", 1, 60, half=1),
        _spec("cifar10", "cnn", 1, 60, half=1),
    ),
)


def _repeat(specs: tuple[Spec, ...], step: int) -> tuple[Spec, ...]:
    """Three keys of each draw, networks trained from 10 seeds."""
    keys = [replace(each, key=each.key + step * turn) for turn in range(3) for each in specs]
    return tuple(replace(each, num_seeds=10) for each in keys)


FULL = Plan(choosing=_repeat(REDUCED.choosing, 2), showing=_repeat(REDUCED.showing, 2))
PLANS: Mapping[str, Plan] = {"smoke": SMOKE, "reduced": REDUCED, "full": FULL}
"""Plans by the size of a run."""
