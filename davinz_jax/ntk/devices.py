"""Shares independent pieces of a kernel among the devices of this process."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import jax

from davinz_jax.types import Variables


def share_among_devices(
    work: Callable[[int, Variables], None],
    num_pieces: int,
    variables: Variables,
    report: Callable[[int, int], None],
) -> None:
    """Call `work(piece, variables)` for every piece, each on one of the devices.

    Piece p goes to device p mod D, where the variables lie; the devices work at the same time.
    An error in one piece ends the call.

    Args:
        work: computes one piece; JAX's default device is then the piece's.
        num_pieces: pieces in all.
        variables: variables of the model, copied to each device once.
        report: called with (done, total) after each piece.
    """
    devices = jax.local_devices()[:num_pieces]
    if len(devices) == 1:
        for piece in range(num_pieces):
            work(piece, variables)
            report(piece + 1, num_pieces)
        return
    copies = [jax.device_put(variables, device) for device in devices]
    settings = jax.config.jax_enable_x64

    def on_device(piece: int) -> None:
        which = piece % len(devices)
        with jax.enable_x64(settings), jax.default_device(devices[which]):
            work(piece, copies[which])

    with ThreadPoolExecutor(len(devices)) as pool:
        for done, _ in enumerate(pool.map(on_device, range(num_pieces)), start=1):
            report(done, num_pieces)
