"""Which draws there are: data, kinds of noise, rates, seeds, and which methods are run on each."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from davinz_jax.types import Task

Noise = Literal["label", "feature", "mixed"]
NOISES: tuple[Noise, ...] = ("label", "feature", "mixed")
RATES = (0.05, 0.1, 0.15, 0.2)
FEW_RATES = (0.1, 0.2)
FEW_SEEDS = 5
"""Methods that take over two seconds a draw get these rates and seeds, of label noise alone."""

TRAIN, VALIDATION, TEST = 1000, 100, 3000
PLENTY = TRAIN + VALIDATION + TEST
"""Rows from which sizes are these; of fewer, `TRAIN_SHARE` of those not for validation train."""

TRAIN_SHARE = 0.6

GENERATED = ("2dplanes", "fried")
TABLES = ("german", "magic", "mammographic", "optdigits", "phoneme", "ring", "spambase", "splice",
          "titanic", "twonorm")  # fmt: skip
IMAGES = ("digits", "mnist", "cifar10")
NUMBERS = ("fried, numbers", "diabetes")
CLASSES = (*GENERATED, *TABLES, *IMAGES)
NOT_RANKED = ("titanic",)
"""Shown, not ranked: titanic has 14 distinct inputs."""


@dataclass(frozen=True)
class Piece:
    """What is measured at one go: every kind of noise and rate on one draw of rows.

    Attributes:
        data: name of the data set.
        seed: of everything random.
        noises: kinds of noise.
        rates: shares of rows made wrong.
        with_few: whether the methods that take long are run, at `FEW_RATES` of label noise.
        shrink: sizes are divided by it.
    """

    data: str
    seed: int
    noises: tuple[Noise, ...] = NOISES
    rates: tuple[float, ...] = RATES
    with_few: bool = False
    shrink: int = 1

    @property
    def name(self) -> str:
        """One of a kind, and the beginning of a file's name."""
        return f"{self.data.replace(', ', '-')}-{self.seed}"

    @property
    def task(self) -> Task:
        """What targets are."""
        return "regression" if self.data in NUMBERS else "classification"


@dataclass(frozen=True)
class Plan:
    """The draws of a run.

    Attributes:
        data: names of data sets.
        num_seeds: draws of rows of each.
        noises: kinds of noise.
        rates: shares of rows made wrong.
        shrink: sizes are divided by it.
    """

    data: tuple[str, ...]
    num_seeds: int
    noises: tuple[Noise, ...] = NOISES
    rates: tuple[float, ...] = RATES
    shrink: int = 1

    def with_seeds(self, num_seeds: int) -> "Plan":
        """The same with another number of draws."""
        return replace(self, num_seeds=num_seeds)

    def pieces(self) -> Iterator[Piece]:
        """Pieces, all data sets of one seed before the next seed."""
        for seed in range(self.num_seeds):
            for data in self.data:
                few = seed < FEW_SEEDS
                yield Piece(data, seed, self.noises, self.rates, few, self.shrink)


ALL = (*CLASSES, *NUMBERS)
PLANS: Mapping[str, Plan] = {
    "smoke": Plan(("2dplanes", "digits", "diabetes"), 2, ("label", "feature"), (0.2,), 8),
    "reduced": Plan(ALL, 5),
    "full": Plan(ALL, 25),
}
"""Plans by the size of a run."""
