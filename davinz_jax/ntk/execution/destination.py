"""Where the blocks of a kernel go: an array in memory, or a store on disk that keeps each tile."""

import os
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from numpy.typing import DTypeLike

from davinz_jax.ntk.execution.store import KernelStore, open_store

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

    def put(self, tile: Tile, values: Float[np.ndarray, "*h r c"], *, is_first: bool) -> None:
        """Set a tile, or add to it."""
        if is_first:
            self.array[(..., *tile)] = values
        else:
            self.array[(..., *tile)] += values

    def finish(self, tile: Tile) -> None:
        """Note a finite tile that is in the store; one that is not finite is refused later."""
        if self.store is not None and np.isfinite(self.array[(..., *tile)]).all():
            self.store.finish(self._name(tile), (*self.region, ..., *tile))

    def _name(self, tile: Tile) -> str:
        return " ".join(map(str, (*self.region, *(side.start for side in tile))))


class Collected:
    """Tiles by themselves, that are sent to where the array is, whose dtype they have."""

    def __init__(self, dtype: DTypeLike) -> None:
        self._dtype = dtype
        self.tiles: dict[tuple[int, int], Float[np.ndarray, "*h r c"]] = {}

    def is_finished(self, tile: Tile) -> bool:
        """No: only what is unfinished is collected."""
        del tile
        return False

    def put(self, tile: Tile, values: Float[np.ndarray, "*h r c"], *, is_first: bool) -> None:
        """Keep a tile, or add to it."""
        name = self.name(tile)
        if is_first:
            self.tiles[name] = np.array(values, self._dtype)
        else:
            self.tiles[name] += values

    def finish(self, tile: Tile) -> None:
        """Nothing: it is noted where the array is."""

    def name(self, tile: Tile) -> tuple[int, int]:
        """First row and column of a tile."""
        return tile[0].start, tile[1].start


def make_destination(
    shape: tuple[int, ...],
    dtype: np.dtype,
    *,
    store: str | os.PathLike[str] | None,
    identity: Callable[[], Mapping[str, str]],
) -> Destination:
    """Room for blocks, in memory or in a folder.

    Args:
        shape: of the array.
        dtype: of the array.
        store: folder on disk; None is in memory.
        identity: says of what the blocks are, where there is a store.

    Raises:
        ValueError: if the folder holds another kernel.
    """
    if store is None:
        return Destination(np.zeros(shape, dtype))
    opened = open_store(store, shape=shape, dtype=dtype, identity=identity())
    return Destination(opened.array, opened)
