"""Gram matrices in tiles: features of batches, and the products of two batches' features.

An executor does the pieces (`pieces`): in this process they fill their part of the kernel, from
another one their tiles are sent and filled in here. Batches are padded to one shape, and tiles cut
back to what is real, so that a tile is the same in whatever piece, and wherever, it is computed.
"""

import itertools
import threading
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import Any

import jax
import numpy as np
from jaxtyping import Float, Int, Num

from davinz_jax.executors import Executor
from davinz_jax.ntk.execution.batches import batch_slices, even_size, take_rows
from davinz_jax.ntk.execution.destination import Collected, Destination, Tile
from davinz_jax.ntk.execution.pieces import Piece, bundles, cached_groups, make_pieces, steps
from davinz_jax.ntk.execution.plan import Plan
from davinz_jax.ntk.outputs import Network, Rows
from davinz_jax.ntk.parameters import kernel_dtype
from davinz_jax.types import Apply, Array, Output, ParameterChoice, Progress, Variables

_SENT_BYTES = 2**27
"""Most bytes of tiles that a task sends back from another process."""
_TASKS_A_PLACE = 3
"""Tasks that each place of a cluster gets at least, where there are tiles enough."""


def symmetric_gram(
    plan: Plan, variables: Variables, rows: Rows, executor: Executor
) -> Float[np.ndarray, "*h n n"]:
    """Tangent kernel of n rows with themselves, exactly symmetric."""
    whole = np.arange(rows.num_rows)[None]
    return block_grams(plan, variables, rows, whole, executor)[0]


def block_grams(
    plan: Plan,
    variables: Variables,
    rows: Rows,
    partition: Int[np.ndarray, "b s"],
    executor: Executor,
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
    pieces = make_pieces(plan, rows, partition, destination, executor.num_places)
    tick = _ticker(progress, sum(len(piece.pairs) for piece in pieces))
    if executor.is_remote:
        _collect_pieces(plan, variables, rows, pieces, tick, executor)
    else:
        work = partial(_fill_piece, plan, pieces, tick)
        for _ in executor.map(work, range(len(pieces)), (variables,)):
            pass
    for block in destination.array:
        mirror_upper(block)
    return destination.array


def _fill_piece(
    plan: Plan,
    pieces: Sequence[Piece],
    tick: Callable[[], None],
    number: int,
    variables: Variables,
) -> None:
    """Fill the unfinished tiles of a piece."""
    piece, (engine, network) = pieces[number], plan[:2]
    unfinished = piece.unfinished()
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


def _collect_pieces(
    plan: Plan,
    variables: Variables,
    rows: Rows,
    pieces: Sequence[Piece],
    tick: Callable[[], None],
    executor: Executor,
) -> None:
    """Have the unfinished tiles computed in other processes, and fill them in as they come."""
    left = [piece.unfinished() for piece in pieces]
    for _ in range(sum(len(piece.pairs) for piece in pieces) - sum(map(len, left))):
        tick()
    itemsize = np.prod(plan.halves, dtype=int) * kernel_dtype(variables).itemsize
    share = -(-sum(map(len, left)) // (_TASKS_A_PLACE * executor.num_places))
    most = max(1, min(share, _SENT_BYTES // int(plan.batch_size**2 * itemsize)))
    parcels = list(bundles(left, most))
    tasks = ([pieces[at].sent(pairs) for at, pairs in bundle] for bundle in parcels)
    held = (*plan.network, plan.engine, plan.num_passes, variables, rows)
    for number, found in executor.map(_compute_pieces, tasks, held):
        for (at, pairs), tiles in zip(parcels[number], found, strict=True):
            block = pieces[at].block
            for pair, values in zip(pairs, tiles, strict=True):
                tile = pieces[at].tile(pair)
                block.put(tile, values, is_first=True)
                block.finish(tile)
                tick()


def _compute_pieces(
    pieces: Sequence[Piece],
    apply: Apply,
    output: Output,
    parameters: ParameterChoice,
    engine: Any,
    num_passes: int,
    variables: Variables,
    rows: Rows,
) -> list[list[Float[np.ndarray, "*h r c"]]]:
    """The tiles of pieces that were sent here, in the order of their pairs."""
    network, found = Network(apply, output, parameters), []
    plan = Plan(engine, network, num_passes, 0, 0, 0, 0.0)
    for piece in pieces:
        block = Collected(kernel_dtype(variables))
        _fill_piece(plan, [piece._replace(rows=rows, block=block)], _silent, 0, variables)
        found.append([block.tiles[block.name(piece.tile(pair))] for pair in piece.pairs])
    return found


def cross_gram(
    plan: Plan,
    variables: Variables,
    rows: Rows,
    others: Rows,
    executor: Executor,
    *,
    progress: Progress | None = None,
) -> Float[np.ndarray, "*h m n"]:
    """Tangent kernel of m rows with n others; tasks are runs of columns."""
    columns = batch_slices(others.num_rows, plan.batch_size)
    height = len(batch_slices(rows.num_rows, plan.batch_size))
    gram = np.zeros((*plan.halves, rows.num_rows, others.num_rows), kernel_dtype(variables))
    groups = cached_groups(len(columns), plan.num_cached, executor.num_places)
    tick = _ticker(progress, plan.num_passes * height * len(columns))
    tasks = [[columns[at] for at in group] for group in groups]
    work = _compute_columns if executor.is_remote else partial(_compute_columns, tick=tick)
    held = (*plan.network, plan.engine, (plan.num_passes, plan.batch_size, plan.halves), variables,
            rows, others)  # fmt: skip
    for number, found in executor.map(work, tasks, held):
        gram[..., tasks[number][0].start : tasks[number][-1].stop] = found
        for _ in range(plan.num_passes * height * len(tasks[number]) * executor.is_remote):
            tick()
    return gram


def _silent() -> None:
    """Progress that nobody sees."""


def _compute_columns(
    columns: list[slice],
    apply: Apply,
    output: Output,
    parameters: ParameterChoice,
    engine: Any,
    sizes: tuple[int, int, tuple[int, ...]],
    variables: Variables,
    rows: Rows,
    others: Rows,
    *,
    tick: Callable[[], None] = _silent,
) -> Float[np.ndarray, "*h m w"]:
    """Neighbouring columns, whose features are cached; sizes are passes, batch and halves."""
    network, (num_passes, batch_size, halves) = Network(apply, output, parameters), sizes
    first, size = columns[0].start, even_size(others.num_rows, batch_size)
    slices = batch_slices(rows.num_rows, batch_size)
    shape = (*halves, rows.num_rows, columns[-1].stop - first)
    gram = np.zeros(shape, kernel_dtype(variables))
    for index in range(num_passes):
        cached = [
            engine.represent(network, variables, take_rows(others, beside, size), index)
            for beside in columns
        ]
        for above in slices:
            batch = take_rows(rows, above, slices[0].stop)
            features = engine.represent(network, variables, batch, index)
            for beside, other in zip(columns, cached, strict=True):
                product = engine.contract(network, variables, features, other)
                at = slice(beside.start - first, beside.stop - first)
                gram[..., above, at] += _cut(product, (above, beside))
                tick()
            del features, other  # before the next are made
        del cached
    return gram


def all_outputs(
    plan: Plan, variables: Variables, inputs: Num[Array, "n ..."], executor: Executor
) -> Float[np.ndarray, "n k"]:
    """All outputs of the model; tasks are batches."""
    rows = Rows(inputs, np.zeros(len(inputs), np.int32))
    slices = batch_slices(len(inputs), plan.batch_size)
    held = (plan.network.apply, slices[0].stop, variables, rows)
    found = dict(executor.map(_compute_outputs, slices, held))
    return np.concatenate([found[number] for number in range(len(slices))])


def _compute_outputs(
    where: slice, apply: Apply, size: int, variables: Variables, rows: Rows
) -> Float[np.ndarray, "r k"]:
    """Outputs of one batch."""
    batch = take_rows(rows, where, size)
    return np.asarray(_forward(apply)(variables, batch.inputs))[: where.stop - where.start]


@lru_cache(maxsize=32)
def _forward(apply: Apply) -> Callable[..., Float[Array, "n k"]]:
    return jax.jit(apply)


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
    block: Destination | Collected, tile: Tile, product: Float[Array, "*h r c"], *, is_first: bool
) -> None:
    """Set or add the part of a tile that is no padding; a diagonal one exactly symmetric."""
    real = _cut(product, tile)
    if tile[0] == tile[1]:
        real = _symmetric(real)
    block.put(tile, real, is_first=is_first)


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
