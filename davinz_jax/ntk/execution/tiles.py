"""Gram matrices in tiles: features of batches, and the products of two batches' features.

A symmetric matrix takes the tiles on and above its diagonal. Tiles are parted into pieces, which
workers share; a piece's rows are batches whose features are cached while other batches' features
come, meet them and go. Batches are padded to one shape, and tiles cut back to what is real.
"""

import itertools
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Float, Int, Num

from davinz_jax.ntk.execution.batches import batch_slices, even_size, take_rows
from davinz_jax.ntk.execution.destination import Destination, Tile
from davinz_jax.ntk.execution.plan import Plan
from davinz_jax.ntk.execution.workers import Workers, own_pieces, share_pieces
from davinz_jax.ntk.outputs import Rows
from davinz_jax.ntk.parameters import kernel_dtype
from davinz_jax.types import Array, Progress, Variables


class Piece(NamedTuple):
    """Tiles of one block that are computed together.

    Attributes:
        rows: rows of the whole kernel.
        batches: rows of each batch of the block.
        batch_size: rows that each batch is padded to.
        slices: where each batch lies in the block.
        group: batches whose features are cached: the rows of the piece's tiles.
        block: where the block goes.
    """

    rows: Rows
    batches: list[Int[np.ndarray, " r"]]
    batch_size: int
    slices: list[slice]
    group: range
    block: Destination

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """Pairs of batches that make a tile, those of one column together."""
        columns = range(self.group.start, len(self.slices))
        return [(i, j) for j in columns for i in self.group if i <= j]

    def tile(self, pair: tuple[int, int]) -> Tile:
        """Where the tile of a pair lies in the block."""
        return self.slices[pair[0]], self.slices[pair[1]]

    def batch(self, number: int) -> Rows:
        """Rows of a batch, padded."""
        return take_rows(self.rows, self.batches[number], self.batch_size)


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


def symmetric_gram(
    plan: Plan, variables: Variables, rows: Rows, workers: Workers
) -> Float[np.ndarray, "*h n n"]:
    """Tangent kernel of n rows with themselves, exactly symmetric."""
    whole = np.arange(rows.num_rows)[None]
    return block_grams(plan, variables, rows, whole, workers)[0]


def block_grams(
    plan: Plan,
    variables: Variables,
    rows: Rows,
    partition: Int[np.ndarray, "b s"],
    workers: Workers,
    *,
    destination: Destination | None = None,
    progress: Progress | None = None,
) -> Float[np.ndarray, "b *h s s"]:
    """Tangent kernel of each block of rows with itself, exactly symmetric, zero in padding.

    Of a sketch, the estimate and half the difference of its halves along a further axis.
    """
    num_blocks, size = partition.shape
    if destination is None:
        destination = Destination(
            np.zeros((num_blocks, *plan.halves, size, size), kernel_dtype(variables))
        )
    pieces = make_pieces(plan, rows, partition, destination, workers)
    tick = _ticker(progress, sum(len(pieces[at].pairs) for at in own_pieces(workers, len(pieces))))
    parts = [
        [piece.block.array[(..., *piece.tile(pair))] for pair in piece.pairs] for piece in pieces
    ]
    share_pieces(workers, partial(_fill_piece, plan, pieces, tick), parts, variables)
    if workers.num_processes > 1:
        for piece in pieces:
            piece.block.finish_received(map(piece.tile, piece.pairs))
    for block in destination.array:
        mirror_upper(block)
    return destination.array


def make_pieces(
    plan: Plan,
    rows: Rows,
    partition: Int[np.ndarray, "b s"],
    destination: Destination,
    workers: Workers,
) -> list[Piece]:
    """The pieces of every block; blocks of one size or one less share their batches' shape."""
    num_blocks, size = partition.shape
    slices = batch_slices(size, plan.batch_size)
    groups = cached_groups(len(slices), plan.num_cached, workers, num_blocks=num_blocks)
    pieces = []
    for number, block in enumerate(partition):
        real = int((block >= 0).sum())
        cut = [slice(at.start, min(at.stop, real)) for at in slices if at.start < real]
        batches, part = [block[at] for at in cut], destination.part(number)
        pieces += [Piece(rows, batches, slices[0].stop, cut, group, part) for group in groups]
    return pieces


def cached_groups(
    count: int, num_cached: int, workers: Workers, *, num_blocks: int = 1
) -> list[range]:
    """Runs of a block's batches whose features are cached together.

    Two groups a device even out that early groups have more tiles than late ones.

    Example:
        >>> cached_groups(5, 2, Workers((None,)))
        [range(0, 2), range(2, 4), range(4, 5)]
    """
    if workers.num_devices > 1:
        num_cached = min(num_cached, -(-count * num_blocks // (2 * workers.num_devices)))
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


def _fill_piece(
    plan: Plan,
    pieces: Sequence[Piece],
    tick: Callable[[], None],
    number: int,
    variables: Variables,
) -> None:
    """Fill the unfinished tiles of a piece."""
    piece, (engine, network) = pieces[number], plan[:2]
    unfinished = [pair for pair in piece.pairs if not piece.block.is_finished(piece.tile(pair))]
    for _ in range(len(piece.pairs) - len(unfinished)):
        tick()
    features: dict[int, Any] = {}
    for step in steps(unfinished, plan.num_passes):
        for batch in step.stale:
            del features[batch]
        for batch in step.fresh:
            rows = piece.batch(batch)
            features[batch] = engine.represent(network, variables, rows, step.index)
        i, j = step.pair
        # Named nowhere else, so that features are gone once they are forgotten.
        product = engine.contract(network, variables, features[i], None if i == j else features[j])
        _put_tile(piece.block, piece.tile(step.pair), product, is_first=step.index == 0)
        if step.index == plan.num_passes - 1:
            piece.block.finish(piece.tile(step.pair))
            tick()


def cross_gram(
    plan: Plan,
    variables: Variables,
    rows: Rows,
    others: Rows,
    workers: Workers,
    *,
    progress: Progress | None = None,
) -> Float[np.ndarray, "*h m n"]:
    """Tangent kernel of m rows with n others; workers share the columns."""
    columns = batch_slices(others.num_rows, plan.batch_size)
    height = len(batch_slices(rows.num_rows, plan.batch_size))
    gram = np.zeros((*plan.halves, rows.num_rows, others.num_rows), kernel_dtype(variables))
    groups = cached_groups(len(columns), plan.num_cached, workers)
    own = own_pieces(workers, len(groups))
    tick = _ticker(progress, plan.num_passes * height * sum(len(groups[group]) for group in own))

    def fill(index: int, copy: Variables) -> None:
        _fill_columns(plan, copy, rows, others, [columns[at] for at in groups[index]], gram, tick)

    parts = [[gram[..., columns[at]] for at in group] for group in groups]
    share_pieces(workers, fill, parts, variables)
    return gram


def _fill_columns(
    plan: Plan,
    variables: Variables,
    rows: Rows,
    others: Rows,
    columns: list[slice],
    gram: Float[np.ndarray, "*h m n"],
    tick: Callable[[], None],
) -> None:
    """Fill some columns, whose features are cached."""
    engine, network = plan.engine, plan.network
    size = even_size(others.num_rows, plan.batch_size)
    slices = batch_slices(rows.num_rows, plan.batch_size)
    for index in range(plan.num_passes):
        cached = [
            engine.represent(network, variables, take_rows(others, beside, size), index)
            for beside in columns
        ]
        for above in slices:
            batch = take_rows(rows, above, slices[0].stop)
            features = engine.represent(network, variables, batch, index)
            for beside, other in zip(columns, cached, strict=True):
                product = engine.contract(network, variables, features, other)
                gram[..., above, beside] += _cut(product, (above, beside))
                tick()
            del features, other  # before the next are made
        del cached


def all_outputs(
    plan: Plan, variables: Variables, inputs: Num[Array, "n ..."], workers: Workers
) -> Float[np.ndarray, "n k"]:
    """All outputs of the model, a batch at a time; workers share the batches."""
    rows = Rows(inputs, np.zeros(len(inputs), np.int32))
    slices = batch_slices(len(inputs), plan.batch_size)
    forward = jax.jit(plan.network.apply)
    first = jax.eval_shape(forward, variables, take_rows(rows, slice(0, 1), 1).inputs)
    outputs = np.zeros((len(inputs), first.shape[1]), first.dtype)

    def fill(index: int, copy: Variables) -> None:
        batch = take_rows(rows, slices[index], slices[0].stop)
        found = np.asarray(forward(copy, batch.inputs))
        outputs[slices[index]] = found[: len(outputs[slices[index]])]

    share_pieces(workers, fill, [[outputs[batch]] for batch in slices], variables)
    return outputs


def mirror_upper(gram: Float[np.ndarray, "*h n n"]) -> Float[np.ndarray, "*h n n"]:
    """Copy the part above the diagonal below it, in place."""
    size = 512
    for i in range(0, gram.shape[-1], size):
        for j in range(0, i + 1, size):
            tile = gram[..., j : j + size, i : i + size]
            below = gram[..., i : i + size, j : j + size]
            below[...] = _symmetric(tile) if i == j else np.swapaxes(tile, -1, -2)
    return gram


def _put_tile(
    block: Destination, tile: Tile, product: Float[Array, "*h r c"], *, is_first: bool
) -> None:
    """Set or add the part of a tile that is no padding; a diagonal one exactly symmetric."""
    real = _cut(product, tile)
    if tile[0] == tile[1]:
        real = _symmetric(real)
    if is_first:
        block.array[(..., *tile)] = real
    else:
        block.array[(..., *tile)] += real


def _symmetric(tile: Float[np.ndarray, "*h r r"]) -> Float[np.ndarray, "*h r r"]:
    """A tile whose part below the diagonal is that above."""
    return np.triu(tile) + np.swapaxes(np.triu(tile, 1), -1, -2)


def _cut(product: Float[Array, "*h r c"], tile: Tile) -> Float[np.ndarray, "*h r2 c2"]:
    """The part of a tile that is no padding."""
    rows, columns = tile
    return np.asarray(product)[..., : rows.stop - rows.start, : columns.stop - columns.start]


def _ticker(progress: Progress | None, total: int) -> Callable[[], None]:
    """A function to call after each of `total` tiles, from any thread."""
    lock, done = threading.Lock(), itertools.count(1)

    def tick() -> None:
        with lock:
            number = next(done)
            if progress is not None:
                progress(number, total, "kernel")

    return tick
