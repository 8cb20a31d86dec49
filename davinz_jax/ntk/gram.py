"""Gram matrices in tiles: batches of one shape, upper tiles only, checked and mirrored.

Rows go in batches of equal size, the last one padded by copies of its first row, whose tiles are
cut off on the host; so there is one compilation a shape. A symmetric matrix takes the tiles on
and above its diagonal.
"""

from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from davinz_jax.ntk.engine import Plan
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


def symmetric_gram(
    plan: Plan, variables: Variables, rows: Rows, *, progress: Progress | None = None
) -> Float[np.ndarray, "n n"]:
    """Tangent kernel of n rows with themselves, exactly symmetric."""
    engine, network, batch_size = plan.engine, plan.network, plan.batch_size
    if rows.num_rows <= batch_size:
        return mirror_upper(np.array(engine.diagonal(network, variables, rows)))
    batches = list(padded_batches(rows, batch_size))
    gram = np.zeros((rows.num_rows, rows.num_rows), kernel_dtype(variables))
    total, done = plan.num_passes * len(batches) * (len(batches) + 1) // 2, 0
    for index in range(plan.num_passes):
        kept = [engine.represent(network, variables, batch, index) for _, batch in batches]
        for i, (above, _) in enumerate(batches):
            for j in range(i, len(batches)):
                other = None if i == j else kept[j]
                tile = engine.contract(network, variables, kept[i], other)
                _add_tile(gram, tile, above, batches[j][0])
                done += 1
                _report(progress, done, total)
    return mirror_upper(gram)


def block_grams(
    plan: Plan,
    variables: Variables,
    rows: Rows,
    partition: Int[np.ndarray, "b s"],
    *,
    progress: Progress | None = None,
) -> Float[np.ndarray, "b s s"]:
    """Tangent kernel of each block of rows with itself, zero in padding."""
    num_blocks, size = partition.shape
    if num_blocks == 1:
        whole = take_rows(rows, partition[0], size)
        return symmetric_gram(plan, variables, whole, progress=progress)[None]
    blocks = np.zeros((num_blocks, size, size), kernel_dtype(variables))
    for block, members in enumerate(partition):
        real = int(np.sum(members >= 0))
        padded = take_rows(rows, members[:real], size)
        gram = symmetric_gram(plan, variables, padded)
        blocks[block, :real, :real] = gram[:real, :real]
        _report(progress, block + 1, num_blocks)
    return blocks


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
        kept = [engine.represent(network, variables, batch, index) for _, batch in columns]
        for above, batch in padded_batches(left, batch_size):
            first = engine.represent(network, variables, batch, index)
            for (beside, _), second in zip(columns, kept, strict=True):
                tile = engine.contract(network, variables, first, second)
                _add_tile(gram, tile, above, beside)
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
    if np.isfinite(kernel).all() and np.isfinite(outputs).all():
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


def _add_tile(gram: np.ndarray, tile: jax.Array, above: slice, beside: slice) -> None:
    """Add the part of a tile that is no padding."""
    part = np.asarray(tile)[: above.stop - above.start, : beside.stop - beside.start]
    gram[above, beside] += part


def _report(progress: Progress | None, done: int, total: int) -> None:
    """Tell the caller how far the kernel is."""
    if progress is not None:
        progress(done, total, "kernel")
