"""How long a method takes: the clock is held by who calls it, never by the method."""

from collections.abc import Callable
from dataclasses import replace
from time import perf_counter

from davinz_jax.semivalues.valuation import Valuation


def time_valuation(method: Callable[[], Valuation]) -> Valuation:
    """What a method gives, with the seconds that giving it took."""
    began = perf_counter()
    valuation = method()
    return replace(valuation, seconds=perf_counter() - began)
