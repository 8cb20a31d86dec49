"""How the tiles of a kernel are parted: pieces that are computed together, and the steps of each.

A symmetric matrix takes the tiles on and above its diagonal. A piece's rows are batches whose
features are cached while other batches' features come, meet them and go.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Int

from davinz_jax.ntk.execution.batches import batch_slices, take_rows
from davinz_jax.ntk.execution.destination import Collected, Destination, Tile
from davinz_jax.ntk.execution.plan import Plan
from davinz_jax.ntk.outputs import Rows


class Piece(NamedTuple):
    """Tiles of one block that are computed together.

    Attributes:
        rows: rows of the whole kernel.
        batches: rows of each batch of the block, by its number.
        batch_size: rows that each batch is padded to.
        slices: where each batch lies in the block.
        pairs: pairs of batches that make a tile, those of one column together.
        block: where the block goes.
    """

    rows: Rows
    batches: Mapping[int, Int[np.ndarray, " r"]]
    batch_size: int
    slices: Mapping[int, slice]
    pairs: list[tuple[int, int]]
    block: Destination | Collected

    def tile(self, pair: tuple[int, int]) -> Tile:
        """Where the tile of a pair lies in the block."""
        return self.slices[pair[0]], self.slices[pair[1]]

    def batch(self, number: int) -> Rows:
        """Rows of a batch, padded."""
        return take_rows(self.rows, self.batches[number], self.batch_size)

    def unfinished(self) -> list[tuple[int, int]]:
        """Pairs whose tiles are not there yet."""
        return [pair for pair in self.pairs if not self.block.is_finished(self.tile(pair))]

    def sent(self, pairs: list[tuple[int, int]]) -> "Piece":
        """What another process, which has the rows, is told of some tiles."""
        used = sorted({batch for pair in pairs for batch in pair})
        none = Rows(self.rows.inputs[:0], self.rows.labels[:0])
        batches = {at: self.batches[at] for at in used}
        slices = {at: self.slices[at] for at in used}
        return Piece(none, batches, self.batch_size, slices, pairs, Collected(np.float32))


class Step(NamedTuple):
    """One tile of one pass.

    Attributes:
        index: the pass.
        pair: the two batches.
        stale: batches whose features are cached and no longer needed.
        fresh: batches whose features are needed and not cached.
    """

    index: int
    pair: tuple[int, int]
    stale: set[int]
    fresh: set[int]


def make_pieces(
    plan: Plan,
    rows: Rows,
    partition: Int[np.ndarray, "b s"],
    destination: Destination,
    num_places: int,
) -> list[Piece]:
    """The pieces of every block; blocks of one size or one less share their batches' shape."""
    num_blocks, size = partition.shape
    slices = batch_slices(size, plan.batch_size)
    groups = cached_groups(len(slices), plan.num_cached, num_places, num_blocks=num_blocks)
    pieces = []
    for number, block in enumerate(partition):
        real = int((block >= 0).sum())
        cut = [slice(at.start, min(at.stop, real)) for at in slices if at.start < real]
        batches, part = {at: block[each] for at, each in enumerate(cut)}, destination.part(number)
        own, width = dict(enumerate(cut)), slices[0].stop
        pieces += [
            Piece(rows, batches, width, own, _pairs(group, len(cut)), part) for group in groups
        ]
    return pieces


def _pairs(group: range, count: int) -> list[tuple[int, int]]:
    """Tiles on and above the diagonal whose row is in the group, column by column."""
    return [(i, j) for j in range(group.start, count) for i in group if i <= j]


def cached_groups(
    count: int, num_cached: int, num_places: int, *, num_blocks: int = 1
) -> list[range]:
    """Runs of a block's batches whose features are cached together.

    Two groups a place even out that early groups have more tiles than late ones.

    Example:
        >>> cached_groups(5, 2, 1)
        [range(0, 2), range(2, 4), range(4, 5)]
    """
    if num_places > 1:
        num_cached = min(num_cached, -(-count * num_blocks // (2 * num_places)))
    return [range(first, min(first + num_cached, count)) for first in range(0, count, num_cached)]


def steps(pairs: Sequence[tuple[int, int]], num_passes: int) -> Iterator[Step]:
    """Every pass of some tiles, with what to cache and to forget before each tile.

    Features of the tiles' rows stay for a pass, those of other columns for theirs alone.
    """
    rows, cached = {i for i, _ in pairs}, set()
    for index in range(num_passes):
        for number, (i, j) in enumerate(pairs):
            stale = cached if number == 0 else cached - rows - {j}
            cached = cached - stale
            fresh = {i, j} - cached
            cached |= fresh
            yield Step(index, (i, j), stale, fresh)


def bundles(
    pairs: Sequence[Sequence[tuple[int, int]]], most: int
) -> Iterator[list[tuple[int, list[tuple[int, int]]]]]:
    """Tiles for each task, at most so many: of some pieces, by number, some pairs.

    >>> list(bundles([[(0, 0), (0, 1), (0, 2)], [(1, 1)]], 2))
    [[(0, [(0, 0), (0, 1)])], [(0, [(0, 2)]), (1, [(1, 1)])]]
    """
    every = [(number, pair) for number, own in enumerate(pairs) for pair in own]
    for start in range(0, len(every), most):
        by_piece = itertools.groupby(every[start : start + most], key=lambda each: each[0])
        yield [(number, [pair for _, pair in own]) for number, own in by_piece]
