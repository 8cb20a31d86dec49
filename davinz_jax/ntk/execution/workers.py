"""Shares independent pieces of a kernel among the devices of this process, and among processes."""

import queue
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Shaped

from davinz_jax.ntk import hosts
from davinz_jax.types import Variables


class Workers(NamedTuple):
    """Who computes.

    Attributes:
        devices: devices of this process; None is the one in use.
        process: number of this process.
        num_processes: processes that share the pieces, each with as many devices.
    """

    devices: tuple[Any, ...]
    process: int = 0
    num_processes: int = 1

    @property
    def num_devices(self) -> int:
        """Devices of all processes."""
        return len(self.devices) * self.num_processes


def one_device() -> Workers:
    """The device in use alone."""
    return Workers((None,))


def all_devices() -> Workers:
    """The devices of this process."""
    return Workers(tuple(jax.local_devices()))


def all_processes() -> Workers:
    """The devices of every process; each process must then share the same pieces."""
    return Workers(tuple(jax.local_devices()), hosts.process_id(), hosts.num_processes())


def share_pieces(
    workers: Workers,
    work: Callable[[int, Variables], None],
    parts: Sequence[Sequence[Shaped[np.ndarray, "..."]]],
    variables: Variables,
) -> None:
    """Call `work(piece, variables)` for this process's pieces, and take the others' results.

    Devices are alike, so a piece gives the same wherever it runs. An error in one piece ends the
    call once the pieces at work are done.

    Args:
        workers: who computes.
        work: computes one piece; JAX's default device is then the piece's.
        parts: for each piece the arrays, views of the result, that it fills.
        variables: variables of the model, copied to each device once.
    """
    own, devices = own_pieces(workers, len(parts)), workers.devices
    if len(devices) == 1 or len(own) <= 1:
        for piece in own:
            work(piece, variables)
    else:
        _share_among_devices(devices[: len(own)], work, own, variables)
    if workers.num_processes > 1:
        shares = hosts.share_out(len(parts), workers.num_processes)
        hosts.exchange([[array for piece in own for array in parts[piece]] for own in shares])


def own_pieces(workers: Workers, num_pieces: int) -> list[int]:
    """Pieces that this process computes."""
    return hosts.share_out(num_pieces, workers.num_processes)[workers.process]


def _share_among_devices(
    devices: tuple[Any, ...],
    work: Callable[[int, Variables], None],
    pieces: list[int],
    variables: Variables,
) -> None:
    """Do the pieces, each on a device that is free."""
    free: queue.SimpleQueue[tuple[Any, Variables]] = queue.SimpleQueue()
    for device in devices:
        free.put((device, jax.device_put(variables, device)))
    has_64_bits = jax.dtypes.canonicalize_dtype(np.float64).itemsize == 8

    def on_device(piece: int) -> None:
        device, copy = free.get()
        try:
            with jax.enable_x64(has_64_bits), jax.default_device(device):
                work(piece, copy)
        finally:
            free.put((device, copy))

    with ThreadPoolExecutor(len(devices)) as pool:
        for _ in pool.map(on_device, pieces):
            pass
