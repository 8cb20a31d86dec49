"""How many threads the host's BLAS takes: one where matrices are small.

Waking and joining threads costs more than a small product takes, and where other work keeps the
cores busy, threads that wait for each other by spinning take many times as long as one.
"""

from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Any

import scipy.linalg  # noqa: F401  (its BLAS is to be found below, beside NumPy's)
from threadpoolctl import ThreadpoolController

SINGLE_THREAD = 1024
"""Rows up to which one thread is as fast as several."""


def limit_threads(num_rows: int) -> AbstractContextManager[Any]:
    """Context in which BLAS and LAPACK take one thread for matrices of so many rows, if few.

    It holds for the whole process while it is entered, and gives back what was before.
    """
    if num_rows > SINGLE_THREAD:
        return nullcontext()
    return single_threaded()


def single_threaded() -> AbstractContextManager[Any]:
    """Context in which BLAS and LAPACK take one thread, as where threads of one's own call them."""
    return _libraries().limit(limits=1, user_api="blas")


@cache
def _libraries() -> ThreadpoolController:
    """The BLAS libraries loaded, found once: looking for them takes a millisecond."""
    return ThreadpoolController()
