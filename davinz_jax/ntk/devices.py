"""Shares independent pieces of a kernel among the devices of this process."""

import queue
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jax
import numpy as np

from davinz_jax.types import Variables


def share_among_devices(
    work: Callable[[int, Variables], None], num_pieces: int, variables: Variables
) -> None:
    """Call `work(piece, variables)` for every piece, each on a device that is free.

    Devices are alike, so a piece gives the same wherever it runs. An error in one piece ends the
    call once the pieces at work are done.

    Args:
        work: computes one piece; JAX's default device is then the piece's.
        num_pieces: pieces in all.
        variables: variables of the model, copied to each device once.
    """
    devices = jax.local_devices()[:num_pieces]
    if len(devices) <= 1:
        for piece in range(num_pieces):
            work(piece, variables)
        return
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
        for _ in pool.map(on_device, range(num_pieces)):
            pass
