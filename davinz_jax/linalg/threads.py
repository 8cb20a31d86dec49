"""How many threads the host's BLAS takes: one where matrices are small, or as many as asked for.

Waking and joining threads costs more than a small product takes, and where other work keeps the
cores busy, threads that wait for each other by spinning take many times as long as one. The last
bits of factors and solves depend on the number of threads: `use_threads` fixes it.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache
from typing import Any

import scipy.linalg  # noqa: F401  (its BLAS is to be found below, beside NumPy's)
from threadpoolctl import ThreadpoolController

SINGLE_THREAD = 1024
"""Rows up to which one thread is as fast as several."""

_asked: int | None = None


def limit_threads(num_rows: int) -> AbstractContextManager[Any]:
    """Context in which BLAS and LAPACK take one thread for matrices of so many rows, if few.

    It holds for the whole process while it is entered, and gives back what was before.
    """
    if num_rows > SINGLE_THREAD:
        return nullcontext()
    return single_threaded()


def single_threaded() -> AbstractContextManager[Any]:
    """Context in which BLAS and LAPACK take one thread, as where threads of one's own call them."""
    if _asked == 1:
        return nullcontext()  # as it is for everyone; units beside this one count on that
    return _libraries().limit(limits=1, user_api="blas")


@contextmanager
def use_threads(num: int | None) -> Iterator[None]:
    """Context in which one unit of work takes so many threads of BLAS and LAPACK.

    Results of one `num` are the same, to the last bit, however many units are worked on at a time
    and wherever. With 1, several units may go side by side in this process.

    Args:
        num: threads of a factorisation, a permutation, a training or a draw; None leaves them to
            the library, which takes as many as the machine has cores.

    Raises:
        ValueError: for fewer than one thread.
    """
    global _asked
    if num is not None and num < 1:
        raise ValueError(f"threads: wanted 1 or more, or auto, got {num}; 1 is the least")
    before = _asked
    limit = nullcontext() if num is None else _libraries().limit(limits=num, user_api="blas")
    with limit:
        _asked = num
        try:
            yield
        finally:
            _asked = before


def threads_asked() -> int | None:
    """Threads of one unit of work, where they were asked for."""
    return _asked


@cache
def _libraries() -> ThreadpoolController:
    """The BLAS libraries loaded, found once: looking for them takes a millisecond."""
    return ThreadpoolController()
