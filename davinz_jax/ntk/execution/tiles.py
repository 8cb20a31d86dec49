"""Gram matrices in tiles: batches of one shape, upper tiles only, checked and mirrored.

Rows go in batches of equal size, the last one padded by copies of its first row, whose tiles are
cut off on the host; so there is one compilation a shape. A symmetric matrix takes the tiles on
and above its diagonal.
"""

import itertools
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from davinz_jax.ntk.engines.base import Plan
from davinz_jax.ntk.execution.store import KernelStore
from davinz_jax.ntk.execution.workers import Workers, one_device, own_pieces, share_pieces
from davinz_jax.ntk.outputs import Rows
from davinz_jax.types import Variables

Progress = Callable[[int, int, str], None]
"""Called with (done, total, stage)."""


def batch_slices(num_rows: int, batch_size: int) -> list[slice]:
    """Runs of rows, as even as can be, none longer than `batch_size`.

    Example:
        >>> batch_slices(7, 3)
        [slice(0, 3, None), slice(3, 6, None), slice(6, 7, None)]
    """
    size = even_size(num_rows, batch_size)
    return [slice(start, min(start + size, num_rows)) for start in range(0, num_rows, size)]


def even_size(num_rows: int, batch_size: int) -> int:
    """Smallest batch that needs no more batches than `batch_size` does.

    Example:
        >>> even_size(1000, 600)
        500
    """
    return -(-num_rows // -(-num_rows // batch_size))


def take_rows(rows: Rows, index: Any, size: int) -> Rows:
    """The rows of an index or slice, padded to `size` by copies of the first of them."""

    def pad(array: np.ndarray) -> np.ndarray:
        taken = array[index]
        lacking = size - len(taken)
        return np.concatenate([taken, np.repeat(taken[:1], lacking, axis=0)]) if lacking else taken

    return Rows(pad(rows.inputs), pad(rows.labels))


def padded_batches(rows: Rows, batch_size: int) -> Iterator[tuple[slice, Rows]]:
    """Where each batch lies, and its rows, all batches of one shape."""
    size = even_size(rows.num_rows, batch_size)
    for where in batch_slices(rows.num_rows, batch_size):
        yield where, take_rows(rows, where, size)


class Destination(NamedTuple):
    """Where a symmetric kernel goes.

    Attributes:
        array: the (n, n) array to fill.
        store: store that the array lies in, if any.
        region: where in the store it lies.
    """

    array: np.ndarray
    store: KernelStore | None = None
    region: tuple[int, ...] = ()

    def is_finished(self, above: slice, beside: slice) -> bool:
        """Whether the store holds this tile from before."""
        if self.store is None:
            return False
        return self.store.is_finished(self._name(above, beside), (*self.region, above, beside))

    def finish(self, above: slice, beside: slice) -> None:
        """Note a finite tile that is in the store; one that is not finite is refused later."""
        if self.store is not None and np.isfinite(self.array[above, beside]).all():
            self.store.finish(self._name(above, beside), (*self.region, above, beside))

    def finish_received(self, tiles: Iterable[tuple[slice, slice]]) -> None:
        """Note the tiles that came from other processes."""
        for above, beside in tiles:
            if not self.is_finished(above, beside):
                self.finish(above, beside)

    def _name(self, above: slice, beside: slice) -> str:
        return " ".join(map(str, (*self.region, above.start, beside.start)))


def symmetric_gram(
    plan: Plan,
    variables: Variables,
    rows: Rows,
    workers: Workers,
    *,
    destination: Destination | None = None,
    progress: Progress | None = None,
) -> Float[np.ndarray, "n n"]:
    """Tangent kernel of n rows with themselves, exactly symmetric.

    Groups of tiles are shared among the workers, each of which represents the batches that it
    needs; tiles grow with the square of the rows, batches do not.
    """
    num_rows = rows.num_rows
    if destination is None:
        destination = Destination(np.zeros((num_rows, num_rows), kernel_dtype(variables)))
    slices = batch_slices(num_rows, plan.batch_size)
    count = len(slices)
    groups = _groups(count, plan.num_cached, workers)
    tiles = [[(slices[i], slices[j]) for i in group for j in range(i, count)] for group in groups]
    tick = _ticker(progress, sum(len(tiles[group]) for group in own_pieces(workers, len(groups))))

    def fill(index: int, copy: Variables) -> None:
        _fill_group(plan, copy, rows, slices, groups[index], destination, tick)

    parts = [[destination.array[tile] for tile in group] for group in tiles]
    share_pieces(workers, fill, parts, variables)
    if workers.num_processes > 1:
        destination.finish_received(itertools.chain.from_iterable(tiles))
    return mirror_upper(destination.array)


def _groups(count: int, num_cached: int, workers: Workers) -> list[range]:
    """Runs of batches that are kept together.

    Two groups a device even out that early groups have more tiles than late ones.
    """
    if workers.num_devices > 1:
        num_cached = min(num_cached, -(-count // (2 * workers.num_devices)))
    return [range(first, min(first + num_cached, count)) for first in range(0, count, num_cached)]


def _fill_group(
    plan: Plan,
    variables: Variables,
    rows: Rows,
    slices: list[slice],
    group: range,
    destination: Destination,
    tick: Callable[[], None],
) -> None:
    """Fill the unfinished tiles of one group of batches, whose representations are kept."""
    engine, network, last = plan.engine, plan.network, plan.num_passes - 1
    tiles = []
    for i, j in ((i, j) for j in range(group.start, len(slices)) for i in group if i <= j):
        if destination.is_finished(slices[i], slices[j]):
            tick()
        else:
            tiles.append((i, j))
    if len(slices) == 1 and tiles:
        _put_tile(
            destination, slices[0], slices[0], engine.diagonal(network, variables, rows), True
        )
        destination.finish(slices[0], slices[0])
        tick()
        return
    for index in range(plan.num_passes):
        for i, j, kept in _represented(plan, variables, rows, slices, tiles, index):
            tile = engine.contract(network, variables, kept[i], None if i == j else kept[j])
            _put_tile(destination, slices[i], slices[j], tile, index == 0)
            if index == last:
                destination.finish(slices[i], slices[j])
                tick()


def _represented(
    plan: Plan,
    variables: Variables,
    rows: Rows,
    slices: list[slice],
    tiles: list[tuple[int, int]],
    index: int,
) -> Iterator[tuple[int, int, dict[int, Any]]]:
    """Each tile with the representations it needs; those of its rows are kept for later tiles."""
    members = {i for i, _ in tiles}
    kept: dict[int, Any] = {}
    for i, j in tiles:
        for batch in [batch for batch in kept if batch not in members and batch != j]:
            del kept[batch]
        for batch in {i, j} - set(kept):
            padded = take_rows(rows, slices[batch], slices[0].stop)
            kept[batch] = plan.engine.represent(plan.network, variables, padded, index)
        yield i, j, kept


def block_grams(
    plan: Plan,
    variables: Variables,
    rows: Rows,
    partition: Int[np.ndarray, "b s"],
    workers: Workers,
    *,
    destination: Destination | None = None,
    progress: Progress | None = None,
) -> Float[np.ndarray, "b s s"]:
    """Tangent kernel of each block of rows with itself, zero in padding; workers share blocks."""
    num_blocks, size = partition.shape
    if destination is None:
        destination = Destination(np.zeros((num_blocks, size, size), kernel_dtype(variables)))
    if num_blocks == 1:
        in_order = np.array_equal(partition[0], np.arange(rows.num_rows))
        whole = rows if in_order else take_rows(rows, partition[0], size)
        inner = Destination(destination.array[0], destination.store, (*destination.region, 0))
        symmetric_gram(plan, variables, whole, workers, destination=inner, progress=progress)
        return destination.array
    parts = [slice(0, int(real)) for real in np.sum(partition >= 0, axis=1)]
    inner = [
        Destination(block, destination.store, (*destination.region, index))
        for index, block in enumerate(destination.array)
    ]

    def fill(block: int, copy: Variables) -> None:
        part = parts[block]
        if not inner[block].is_finished(part, part):
            padded = take_rows(rows, partition[block, part], size)
            gram = symmetric_gram(plan, copy, padded, one_device())
            inner[block].array[part, part] = gram[part, part]
            inner[block].finish(part, part)
        tick()

    tick = _ticker(progress, len(own_pieces(workers, num_blocks)))
    share_pieces(workers, fill, [[block] for block in destination.array], variables)
    if workers.num_processes > 1:
        for block, part in zip(inner, parts, strict=True):
            block.finish_received([(part, part)])
    return destination.array


def cross_gram(
    plan: Plan,
    variables: Variables,
    left: Rows,
    right: Rows,
    workers: Workers,
    *,
    progress: Progress | None = None,
) -> Float[np.ndarray, "m n"]:
    """Tangent kernel of m rows with n others; workers share the columns."""
    columns = batch_slices(right.num_rows, plan.batch_size)
    height = len(batch_slices(left.num_rows, plan.batch_size))
    gram = np.zeros((left.num_rows, right.num_rows), kernel_dtype(variables))
    groups = _groups(len(columns), plan.num_cached, workers)
    own = own_pieces(workers, len(groups))
    tick = _ticker(progress, plan.num_passes * height * sum(len(groups[group]) for group in own))

    def fill(index: int, copy: Variables) -> None:
        _fill_columns(plan, copy, left, right, [columns[at] for at in groups[index]], gram, tick)

    parts = [[gram[:, columns[at]] for at in group] for group in groups]
    share_pieces(workers, fill, parts, variables)
    return gram


def _fill_columns(
    plan: Plan,
    variables: Variables,
    left: Rows,
    right: Rows,
    columns: list[slice],
    gram: Float[np.ndarray, "m n"],
    tick: Callable[[], None],
) -> None:
    """Fill some columns, whose rows' representations are kept."""
    engine, network = plan.engine, plan.network
    size = even_size(right.num_rows, plan.batch_size)
    for index in range(plan.num_passes):
        kept = [
            engine.represent(network, variables, take_rows(right, beside, size), index)
            for beside in columns
        ]
        for above, batch in padded_batches(left, plan.batch_size):
            rows = engine.represent(network, variables, batch, index)
            for beside, other in zip(columns, kept, strict=True):
                tile = engine.contract(network, variables, rows, other)
                gram[above, beside] += _real_part(tile, above, beside)
                tick()


def all_outputs(
    plan: Plan, variables: Variables, inputs: np.ndarray, workers: Workers
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


def mirror_upper(gram: Float[np.ndarray, "n n"]) -> Float[np.ndarray, "n n"]:
    """Copy the part above the diagonal below it, in place."""
    size = 512
    for i in range(0, len(gram), size):
        for j in range(0, i + 1, size):
            tile = gram[j : j + size, i : i + size]
            below = gram[i : i + size, j : j + size]
            below[...] = np.triu(tile) + np.triu(tile, 1).T if i == j else tile.T
    return gram


def promote_variables(variables: Variables, inputs: np.ndarray) -> Variables:
    """Variables whose floats have the dtype of the inputs, so that float64 stays float64."""
    if not np.issubdtype(inputs.dtype, np.floating):
        return variables
    dtype = jax.dtypes.canonicalize_dtype(inputs.dtype)

    def cast(leaf: Any) -> Any:
        return jnp.asarray(leaf, dtype if jnp.issubdtype(leaf.dtype, jnp.floating) else None)

    return jax.tree.map(cast, variables)


def kernel_dtype(variables: Variables) -> np.dtype:
    """Dtype of the kernel: the widest float of the variables."""
    return np.dtype(jnp.result_type(*jax.tree.leaves(variables)))


def check_finite_kernel(
    kernel: Float[np.ndarray, "..."], outputs: Float[np.ndarray, "n k"], variables: Variables
) -> None:
    """Refuse a kernel or outputs that are not finite, naming where NaN or infinity came from.

    Raises:
        ValueError: if an entry is NaN or infinite.
    """
    parts = kernel.reshape(-1, kernel.shape[-1])
    runs = range(0, len(parts), 1024)
    if np.isfinite(outputs).all() and all(np.isfinite(parts[i : i + 1024]).all() for i in runs):
        return
    bad = [
        jax.tree_util.keystr(path)
        for path, leaf in jax.tree_util.tree_leaves_with_path(variables)
        if not np.isfinite(np.asarray(leaf)).all()
    ]
    if bad:
        cause = f"NaN or infinity in the weights {bad[0]}; fix these weights"
    elif not np.isfinite(outputs).all():
        row = int((~np.isfinite(outputs)).any(axis=1).argmax())
        cause = f"outputs of the model that are not finite, first at row {row}; scale the inputs"
    else:
        cause = "gradients that overflow; scale the inputs or weights, or use float64"
    raise ValueError(f"kernel: wanted finite numbers, got {cause}")


def _put_tile(
    destination: Destination, above: slice, beside: slice, tile: Any, is_first: bool
) -> None:
    """Set or add the part of a tile that is no padding; a diagonal one exactly symmetric."""
    part = _real_part(tile, above, beside)
    if above == beside:
        part = np.triu(part) + np.triu(part, 1).T
    if is_first:
        destination.array[above, beside] = part
    else:
        destination.array[above, beside] += part


def _real_part(tile: Any, above: slice, beside: slice) -> np.ndarray:
    """The part of a tile that is no padding."""
    return np.asarray(tile)[: above.stop - above.start, : beside.stop - beside.start]


def _ticker(progress: Progress | None, total: int) -> Callable[[], None]:
    """A function to call after each of `total` pieces, from any thread."""
    lock, done = threading.Lock(), itertools.count(1)

    def tick() -> None:
        with lock:
            number = next(done)
            if progress is not None:
                progress(number, total, "kernel")

    return tick
