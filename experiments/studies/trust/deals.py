"""Partings of the same rows, each of a number of sets.

Which rows score and which test is chance too, and where rows are few it moves the numbers of every
set. So rows are parted anew after every few sets, and intervals resample partings beside sets.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import jax

from davinz_jax import Dataset, Parties
from davinz_jax.types import PRNGKey
from experiments.studies.trust.sets import DrawnSet, Parts, make_set, part_rows

NUM_SETS = 24
"""Sets of one parting: each damage at least twice."""

KEPT = 0.95
"""Share of the first parting's judges that every parting uses; their numbers differ by a few."""


@dataclass(frozen=True)
class Deals:
    """Partings of rows, and the sets of each.

    Attributes:
        part: the parts of a deal's number.
        num_rows: of a set.
        key: draws the sets.
    """

    part: Callable[[int], Parts]
    num_rows: int
    key: PRNGKey

    def draw(self, number: int) -> DrawnSet:
        """The set of a number."""
        return make_set(self.part(deal_of(number)), number, self.num_rows, key=self.key)


def deal_of(number: int) -> int:
    """The parting that a set is of."""
    return number // NUM_SETS


def part_anew(dataset: Dataset, parties: Parties | None, *, key: PRNGKey) -> Callable[[int], Parts]:
    """Partings by their number; those used last are at hand.

    Args:
        dataset: all rows.
        parties: whose each row is.
        key: draws the parts.
    """
    sizes = part_rows(dataset, parties, key=jax.random.fold_in(key, 0)).sizes
    least = {name: max(int(KEPT * size), 1) for name, size in sizes.items()}

    @lru_cache(maxsize=2)
    def part(deal: int) -> Parts:
        return part_rows(dataset, parties, key=jax.random.fold_in(key, deal)).cut(least)

    return part
