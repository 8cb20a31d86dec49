"""What a utility is the weighted sum of, summand by summand."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from davinz_jax.types import Utility


class Summand(NamedTuple):
    """A part of a utility: its weight, where its terms lie among all, and the part."""

    weight: float
    terms: slice
    utility: Any


def summands_of(utility: Utility, weight: float = 1.0, start: int = 0) -> Iterator[Summand]:
    """The summands of a utility, those of sums in sums too; itself where it is no sum."""
    for share, each in getattr(utility, "summands", ((1.0, utility),)):
        terms = slice(start, start + len(each.terms))
        if each is not utility and hasattr(each, "summands"):
            yield from summands_of(each, weight * share, start)
        else:
            yield Summand(weight * share, terms, each)
        start = terms.stop
