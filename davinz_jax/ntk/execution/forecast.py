"""What a kernel is expected to take: operations, memory and time, said before it is computed."""

import time
from functools import cache, partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from davinz_jax.ntk.execution.memory import in_mebibytes
from davinz_jax.ntk.execution.plan import Plan, Request

_RATED_SIZE = {True: 1024, False: 4096}
"""Rows of the matrices by which a host, or an accelerator, is rated."""
_SPAN = (0.3, 2.0)
"""Least and most of a forecast that networks were seen to take."""
_TILE_SECONDS = 5e-3
"""What a tile takes beside its operations: calls, checks, and the disk where there is a store."""


class Forecast(NamedTuple):
    """What a kernel is expected to take, said before it is computed.

    Attributes:
        plan: how it will be computed.
        num_rows: rows of the whole kernel.
        num_blocks: diagonal blocks.
        num_draws: initialisations.
        seconds: time, compilation apart; from the operations and the rate of a matrix product
            measured here. Networks took 0.3 to 2 times as long, by machine and what else it does.
    """

    plan: Plan
    num_rows: int
    num_blocks: int
    num_draws: int
    seconds: float

    def __str__(self) -> str:
        blocks = f"{self.num_blocks} blocks" if self.num_blocks > 1 else "dense"
        return (
            f"kernel of {self.num_rows:,} rows, {blocks}, {self.num_draws} initialisations, by "
            f"{self.plan.engine.name} in batches of {self.plan.batch_size} rows: expected to take "
            f"{_span(self.seconds)} and {in_mebibytes(self.plan.peak_bytes)} at most"
        )


def forecast(
    plan: Plan, num_rows: int, request: Request, dtype: np.dtype, num_devices: int
) -> Forecast:
    """What a plan is expected to take on so many devices like this one."""
    count = -(-num_rows // (request.num_blocks * plan.batch_size))
    tiles = request.num_draws * request.num_blocks * plan.num_passes * count * (count + 1) // 2
    seconds = plan.operations / product_rate(dtype) + _TILE_SECONDS * tiles
    seconds /= num_devices
    return Forecast(plan, num_rows, request.num_blocks, request.num_draws, seconds)


@cache
def product_rate(dtype: np.dtype) -> float:
    """Multiply-adds a second of a large matrix product here: the faster of two."""
    on_host = jax.default_backend() == "cpu"
    size = _RATED_SIZE[on_host]
    matrix = np.random.default_rng(0).random((size, size)).astype(dtype)
    multiply = np.matmul if on_host else partial(jnp.matmul, precision="highest")
    operand = matrix if on_host else jnp.asarray(matrix)
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        jax.block_until_ready(multiply(operand, operand))
        seconds.append(time.perf_counter() - start)
    return size**3 / min(seconds)


def _span(seconds: float) -> str:
    """The range that a forecast stands for.

    >>> _span(0.4), _span(60.0)
    ('about a second', '18 s to 2 min')
    """
    low, high = (_duration(share * seconds) for share in _SPAN)
    return f"about {high}" if low == high else f"{low} to {high}"


def _duration(seconds: float) -> str:
    """Seconds as a person says them."""
    if seconds < 1:
        return "a second"
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
