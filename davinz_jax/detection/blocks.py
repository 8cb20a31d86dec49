"""Kernels of random blocks of rows, made as they are asked for, so that one is held at a time."""

from collections.abc import Iterator, Sequence

import jax
import numpy as np
from jaxtyping import Int

from davinz_jax.data.dataset import Dataset
from davinz_jax.detection.margins import KernelBlock
from davinz_jax.kernels import RowFunction, fit_bandwidth, row_kernel
from davinz_jax.ntk import tangent_kernel
from davinz_jax.types import Apply, PRNGKey, Progress, Variables

STAGE = "blocks of rows"

DENSE_ROWS = 5000
"""Rows up to which all judge each other, where nothing is said."""

BLOCK_ROWS = 2000
"""Rows of a block of more."""


def usual_block_size(num_rows: int, num_blocks: int = 1) -> int:
    """Rows that judge each other where nothing is said: as many as the blocks asked for leave.

    >>> usual_block_size(5000), usual_block_size(5001), usual_block_size(10, num_blocks=3)
    (5000, 2000, 4)
    """
    if num_blocks > 1:
        return -(-num_rows // num_blocks)
    return num_rows if num_rows <= DENSE_ROWS else BLOCK_ROWS


def random_blocks(
    num_rows: int, *, block_size: int, num_partitions: int = 1, key: PRNGKey
) -> Iterator[Int[np.ndarray, " s"]]:
    """Rows of each block of random partitions, blocks of nearly one size.

    Args:
        num_rows: rows in all.
        block_size: rows of a block, at most.
        num_partitions: partitions one after the other; each row is once in each.
        key: draws them.

    Raises:
        ValueError: for a block of fewer than two rows.
    """
    if block_size < 2 or num_partitions < 1:
        raise ValueError(
            f"block_size, num_partitions: wanted at least 2 and 1, got {block_size} and "
            f"{num_partitions}; a row is checked by the others of its block"
        )
    num_blocks = -(-num_rows // block_size)
    for each in jax.random.split(key, num_partitions):
        order = np.asarray(jax.random.permutation(each, num_rows)).astype(np.int64)
        yield from np.array_split(order, num_blocks)


def row_kernel_blocks(
    function: RowFunction,
    dataset: Dataset,
    *,
    block_size: int = 2000,
    num_partitions: int = 1,
    key: PRNGKey,
    progress: Progress | None = None,
) -> Iterator[KernelBlock]:
    """Kernels of raw inputs, of random blocks of rows.

    Args:
        function: as in `row_kernel`; the bandwidth "median" is that of the whole dataset.
        dataset: the rows.
        block_size: see `random_blocks`.
        num_partitions: see `random_blocks`.
        key: draws the partitions, and the rows that the median is of.
        progress: told blocks done, blocks in all, and the stage.
    """
    draw, own = jax.random.split(key)
    function = fit_bandwidth(function, dataset.inputs, key=own)
    total = num_partitions * -(-len(dataset) // block_size)
    chosen = random_blocks(
        len(dataset), block_size=block_size, num_partitions=num_partitions, key=draw
    )
    for done, rows in enumerate(chosen, 1):
        kernel = row_kernel(function, dataset.take(rows))
        yield KernelBlock(rows, kernel.blocks[:, 0], kernel.residual)
        _tell(progress, done, total)


def tangent_kernel_blocks(
    apply: Apply,
    initialisations: Sequence[Variables],
    dataset: Dataset,
    *,
    block_size: int = 2000,
    num_partitions: int = 1,
    key: PRNGKey,
    progress: Progress | None = None,
) -> Iterator[KernelBlock]:
    """Tangent kernels of all outputs, of random blocks of rows; as `row_kernel_blocks`.

    Args:
        apply: the network, as for `tangent_kernel`.
        initialisations: variables of each draw of it.
        dataset: the rows.
        block_size: see `random_blocks`.
        num_partitions: see `random_blocks`.
        key: draws the partitions.
        progress: told blocks done, blocks in all, and the stage.
    """
    total = num_partitions * -(-len(dataset) // block_size)
    output = "trace" if dataset.task == "classification" else "scalar"
    chosen = random_blocks(
        len(dataset), block_size=block_size, num_partitions=num_partitions, key=key
    )
    for done, rows in enumerate(chosen, 1):
        kernel = tangent_kernel(apply, initialisations, dataset.take(rows), output=output)
        yield KernelBlock(rows, kernel.blocks[:, 0], kernel.residual)
        _tell(progress, done, total)


def _tell(progress: Progress | None, done: int, total: int) -> None:
    if progress is not None:
        progress(done, total, STAGE)
