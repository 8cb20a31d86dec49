"""Kernels that are estimates: the two independent ones that each is the mean of, or made of."""

from collections.abc import Callable
from functools import cache
from typing import Any

Halves = tuple[Any, Any]
"""Two kernels of the same rows."""


def halves_of(kernel: Any) -> Halves | None:
    """The two estimates that a kernel stands for; None where it is exact."""
    make = getattr(kernel, "make_halves", None)
    return None if make is None else make()


def map_halves(change: Callable[..., Any], *kernels: Any) -> Callable[[], Halves] | None:
    """Makes the halves of what `change` makes of kernels; None where all of them are exact.

    Exact kernels are the same in both halves.
    """
    if all(getattr(kernel, "make_halves", None) is None for kernel in kernels):
        return None

    @cache
    def make() -> Halves:
        each = [halves_of(kernel) or (kernel, kernel) for kernel in kernels]
        first, second = zip(*each, strict=True)
        return change(*first), change(*second)

    return make
