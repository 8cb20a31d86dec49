"""Where the blocks of a kernel go: an array in memory, or a store on disk that keeps each tile."""

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from davinz_jax.ntk.execution.store import KernelStore, open_store
from davinz_jax.ntk.execution.workers import Workers

Tile = tuple[slice, slice]
"""Rows and columns of a tile in its block."""


class Destination(NamedTuple):
    """An array to fill, or a part of a larger one.

    Attributes:
        array: the array, or a view of its part.
        store: store that the array lies in, if any.
        region: where in the store the part lies.
    """

    array: Float[np.ndarray, "..."]
    store: KernelStore | None = None
    region: tuple[int, ...] = ()

    def part(self, index: int) -> "Destination":
        """The part at an index of the first axis."""
        return Destination(self.array[index], self.store, (*self.region, index))

    def is_finished(self, tile: Tile) -> bool:
        """Whether the store holds this tile from before."""
        if self.store is None:
            return False
        return self.store.is_finished(self._name(tile), (*self.region, ..., *tile))

    def finish(self, tile: Tile) -> None:
        """Note a finite tile that is in the store; one that is not finite is refused later."""
        if self.store is not None and np.isfinite(self.array[(..., *tile)]).all():
            self.store.finish(self._name(tile), (*self.region, ..., *tile))

    def finish_received(self, tiles: Iterable[Tile]) -> None:
        """Note the tiles that came from other processes."""
        for tile in tiles:
            if not self.is_finished(tile):
                self.finish(tile)

    def _name(self, tile: Tile) -> str:
        return " ".join(map(str, (*self.region, *(side.start for side in tile))))


def make_destination(
    shape: tuple[int, ...],
    dtype: np.dtype,
    *,
    store: str | os.PathLike[str] | None,
    identity: Callable[[], Mapping[str, str]],
    workers: Workers,
) -> Destination:
    """Room for blocks, in memory or in a folder of each process.

    Args:
        shape: of the array.
        dtype: of the array.
        store: folder on disk; None is in memory.
        identity: says of what the blocks are, where there is a store.
        workers: who computes; each process of several has a folder of its own below `store`.

    Raises:
        ValueError: if the folder holds another kernel.
    """
    if store is None:
        return Destination(np.zeros(shape, dtype))
    if workers.num_processes > 1:
        store = Path(store) / f"process-{workers.process}-of-{workers.num_processes}"
    opened = open_store(store, shape=shape, dtype=dtype, identity=identity())
    return Destination(opened.array, opened)
