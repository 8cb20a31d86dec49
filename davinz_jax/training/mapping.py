"""Independent pieces of work mapped over the cores of this machine, by threads.

XLA computes small convolutions on one core, and lets others compute meanwhile.
"""

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import jax

Item = TypeVar("Item")
Result = TypeVar("Result")


def default_num_threads() -> int:
    """Pieces worth computing at a time: one a core on a processor, one on an accelerator."""
    return len(os.sched_getaffinity(0)) if jax.default_backend() == "cpu" else 1


def map_ahead(
    function: Callable[[Item], Result], items: Iterable[Item], *, num_threads: int
) -> Generator[Result, None, None]:
    """Results of `function` in the order of `items`, as soon as each is known.

    At most one piece a thread is computed before it is asked for. Threads take over whether JAX
    has 64 bits here, and its default device. Whoever stops asking waits for the pieces at work.

    Args:
        function: gives the same wherever it runs.
        items: what it is called with.
        num_threads: pieces at a time; one runs in the caller's own thread.

    Yields:
        One result an item.
    """
    if num_threads <= 1:
        yield from map(function, items)
        return
    waiting: deque[Future[Result]] = deque()
    call = _as_here(function)
    with ThreadPoolExecutor(num_threads) as pool:
        try:
            for item in items:
                waiting.append(pool.submit(call, item))
                if len(waiting) > num_threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _as_here(function: Callable[[Item], Result]) -> Callable[[Item], Result]:
    """The function, in whatever thread, under this thread's settings of JAX."""
    has_64_bits: Any = jax.config.jax_enable_x64  # pyright: ignore[reportAttributeAccessIssue]
    device: Any = jax.config.jax_default_device  # pyright: ignore[reportAttributeAccessIssue]

    def call(item: Item) -> Result:
        with jax.enable_x64(has_64_bits), jax.default_device(device):
            return function(item)

    return call
