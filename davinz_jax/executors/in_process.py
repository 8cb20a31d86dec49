"""Tasks in this process: each on a free device, or side by side where each has one thread."""

import os
import queue
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from typing import Any

import jax
import numpy as np

from davinz_jax.executors.base import Work
from davinz_jax.linalg.threads import threads_asked


class InProcess:
    """This process.

    Args:
        devices: devices that do a task each, None being the one in use; by default all that JAX
            sees. Where that is one processor, and units of work are to have one thread each
            (`use_threads(1)`), each of its cores does a task.
    """

    is_remote = False

    def __init__(self, devices: Sequence[Any] | None = None) -> None:
        self._devices = None if devices is None else tuple(devices)

    @property
    def devices(self) -> tuple[Any, ...]:
        """Devices, a processor once for each of its cores that does a task."""
        if self._devices is not None:
            return self._devices
        found = tuple(jax.local_devices())
        return found if len(found) > 1 else found * cores_at_once()

    @property
    def num_places(self) -> int:
        """Devices, or cores where each does a task."""
        return len(self.devices)

    @property
    def num_sharing(self) -> int:
        """All of them."""
        return self.num_places

    def map(
        self, work: Work, tasks: Iterable[Any], held: Sequence[Any] = ()
    ) -> Iterator[tuple[int, Any]]:
        """See `Executor`; arrays of JAX that are held are copied to each device once."""
        devices = self.devices
        if len(devices) == 1:
            for number, task in enumerate(tasks):
                yield number, work(task, *held)
        else:
            yield from _on_devices(devices, work, tasks, held)


def cores_at_once() -> int:
    """Cores that do a task each: all where units of work have one thread, on a processor."""
    return num_cores() if threads_asked() == 1 and jax.default_backend() == "cpu" else 1


def num_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _on_devices(
    devices: tuple[Any, ...], work: Work, tasks: Iterable[Any], held: Sequence[Any]
) -> Iterator[tuple[int, Any]]:
    """Do the tasks in as many threads as there are devices, each on one that is free."""
    free: queue.SimpleQueue[tuple[Any, Sequence[Any]]] = queue.SimpleQueue()
    copies = {id(device): _copied(held, device) for device in devices}
    for device in devices:
        free.put((device, copies[id(device)]))
    has_64_bits = jax.dtypes.canonicalize_dtype(np.float64).itemsize == 8

    def on_device(number: int, task: Any) -> tuple[int, Any]:
        device, copy = free.get()
        try:
            with jax.enable_x64(has_64_bits), jax.default_device(device):
                return number, work(task, *copy)
        finally:
            free.put((device, copy))

    with ThreadPoolExecutor(len(devices)) as pool:
        yield from _as_they_come(pool, on_device, tasks, most=2 * len(devices))


def _as_they_come(
    pool: ThreadPoolExecutor,
    call: Callable[[int, Any], tuple[int, Any]],
    tasks: Iterable[Any],
    most: int,
) -> Iterator[tuple[int, Any]]:
    """Results in the order of their completion, at most so many tasks given to the pool."""
    coming = enumerate(tasks)
    waiting: set[Future[tuple[int, Any]]] = set()
    try:
        while True:
            waiting |= {pool.submit(call, *each) for each in islice(coming, most - len(waiting))}
            if not waiting:
                return
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            for each in done:
                yield each.result()
    finally:
        for each in waiting:
            each.cancel()


def _copied(held: Sequence[Any], device: Any) -> Sequence[Any]:
    """What is held, its arrays of JAX on the device."""
    if device is None:
        return held
    return jax.tree.map(
        lambda leaf: jax.device_put(leaf, device) if isinstance(leaf, jax.Array) else leaf,
        tuple(held),
    )
