"""Gram matrices in tiles: batches of one shape, upper tiles only, checked and mirrored.

Rows go in batches of equal size, the last one padded by copies of its first row, whose tiles are
cut off on the host; so there is one compilation a shape. A symmetric matrix takes the tiles on
and above its diagonal.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from davinz_jax.ntk.devices import share_among_devices
from davinz_jax.ntk.engine import Plan
from davinz_jax.ntk.outputs import Rows
from davinz_jax.ntk.store import KernelStore
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


class Target(NamedTuple):
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
        """Refuse a tile that is not finite, and note one that is in the store."""
        if self.store is not None and np.isfinite(self.array[above, beside]).all():
            self.store.finish(self._name(above, beside), (*self.region, above, beside))

    def _name(self, above: slice, beside: slice) -> str:
        return " ".join(map(str, (*self.region, above.start, beside.start)))


def symmetric_gram(
    plan: Plan,
    variables: Variables,
    rows: Rows,
    *,
    target: Target | None = None,
    progress: Progress | None = None,
) -> Float[np.ndarray, "n n"]:
    """Tangent kernel of n rows with themselves, exactly symmetric."""
    num_rows = rows.num_rows
    if target is None:
        target = Target(np.zeros((num_rows, num_rows), kernel_dtype(variables)))
    slices = batch_slices(num_rows, plan.batch_size)
    total = len(slices) * (len(slices) + 1) // 2
    done = 0
    for first in range(0, len(slices), plan.held):
        group = range(first, min(first + plan.held, len(slices)))
        tiles = [(i, j) for j in range(first, len(slices)) for i in group if i <= j]
        left = [(i, j) for i, j in tiles if not target.is_finished(slices[i], slices[j])]
        done += len(tiles) - len(left)
        report = partial(_report, progress, total=total)
        done = _fill_group(plan, variables, rows, slices, left, target, done, report)
    return mirror_upper(target.array)


def _fill_group(
    plan: Plan,
    variables: Variables,
    rows: Rows,
    slices: list[slice],
    tiles: list[tuple[int, int]],
    target: Target,
    done: int,
    report: Callable[..., None],
) -> int:
    """Fill tiles of one group of batches, whose representations are kept; tiles done by then."""
    engine, network, last = plan.engine, plan.network, plan.num_passes - 1
    size = slices[0].stop
    if len(slices) == 1 and tiles:
        _put_tile(target, slices[0], slices[0], engine.diagonal(network, variables, rows), True)
        target.finish(slices[0], slices[0])
        report(1)
        return 1
    members = {i for i, _ in tiles}
    for index in range(plan.num_passes):
        kept: dict[int, Any] = {}
        for i, j in tiles:
            for batch in (i, j):
                if batch not in kept:
                    padded = take_rows(rows, slices[batch], size)
                    kept[batch] = engine.represent(network, variables, padded, index)
            other = None if i == j else kept[j]
            tile = engine.contract(network, variables, kept[i], other)
            _put_tile(target, slices[i], slices[j], tile, index == 0)
            for batch in [batch for batch in kept if batch not in members and batch != j]:
                del kept[batch]
            if index == last:
                target.finish(slices[i], slices[j])
                done += 1
                report(done)
    return done


def block_grams(
    plan: Plan,
    variables: Variables,
    rows: Rows,
    partition: Int[np.ndarray, "b s"],
    *,
    target: Target | None = None,
    progress: Progress | None = None,
) -> Float[np.ndarray, "b s s"]:
    """Tangent kernel of each block of rows with itself, zero in padding.

    Several devices share the blocks among them.
    """
    num_blocks, size = partition.shape
    if target is None:
        target = Target(np.zeros((num_blocks, size, size), kernel_dtype(variables)))
    if num_blocks == 1:
        whole = take_rows(rows, partition[0], size)
        inner = Target(target.array[0], target.store, (*target.region, 0))
        symmetric_gram(plan, variables, whole, target=inner, progress=progress)
        return target.array

    def fill(block: int, held: Variables) -> None:
        real = int(np.sum(partition[block] >= 0))
        part = slice(0, real)
        inner = Target(target.array[block], target.store, (*target.region, block))
        if inner.is_finished(part, part):
            return
        padded = take_rows(rows, partition[block, :real], size)
        inner.array[part, part] = symmetric_gram(plan, held, padded)[part, part]
        inner.finish(part, part)

    share_among_devices(fill, num_blocks, variables, partial(_report, progress))
    return target.array


def cross_gram(
    plan: Plan,
    variables: Variables,
    left: Rows,
    right: Rows,
    *,
    progress: Progress | None = None,
) -> Float[np.ndarray, "m n"]:
    """Tangent kernel of m rows with n others."""
    engine, network, batch_size = plan.engine, plan.network, plan.batch_size
    columns = list(padded_batches(right, batch_size))
    gram = np.zeros((left.num_rows, right.num_rows), kernel_dtype(variables))
    total, done = plan.num_passes * len(batch_slices(left.num_rows, batch_size)) * len(columns), 0
    for index in range(plan.num_passes):
        for first in range(0, len(columns), plan.held):
            group = columns[first : first + plan.held]
            kept = [engine.represent(network, variables, batch, index) for _, batch in group]
            for above, batch in padded_batches(left, batch_size):
                rows = engine.represent(network, variables, batch, index)
                for (beside, _), other in zip(group, kept, strict=True):
                    tile = np.asarray(engine.contract(network, variables, rows, other))
                    gram[above, beside] += tile[
                        : above.stop - above.start, : beside.stop - beside.start
                    ]
                    done += 1
                    _report(progress, done, total)
    return gram


def all_outputs(plan: Plan, variables: Variables, inputs: np.ndarray) -> Float[np.ndarray, "n k"]:
    """All outputs of the model, a batch at a time."""
    rows = Rows(inputs, np.zeros(len(inputs), np.int32))
    forward = jax.jit(plan.network.apply)
    parts = [
        np.asarray(forward(variables, batch.inputs))[: where.stop - where.start]
        for where, batch in padded_batches(rows, plan.batch_size)
    ]
    return np.concatenate(parts)


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


def _put_tile(target: Target, above: slice, beside: slice, tile: Any, is_first: bool) -> None:
    """Set or add the part of a tile that is no padding; a diagonal one exactly symmetric."""
    part = _real_part(tile, above, beside)
    if above == beside:
        part = np.triu(part) + np.triu(part, 1).T
    if is_first:
        target.array[above, beside] = part
    else:
        target.array[above, beside] += part


def _real_part(tile: Any, above: slice, beside: slice) -> np.ndarray:
    """The part of a tile that is no padding."""
    return np.asarray(tile)[: above.stop - above.start, : beside.stop - beside.start]


def _report(progress: Progress | None, done: int, total: int) -> None:
    """Tell the caller how far the kernel is."""
    if progress is not None:
        progress(done, total, "kernel")
