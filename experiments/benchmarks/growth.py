"""Cost of the layer-wise engine as rows or blocks grow, and its memory where it should not.

All on the CNN, whose kernels are quick enough to be followed over a wide range.
"""

import time
from collections.abc import Sequence
from functools import partial
from typing import Any

import jax
import numpy as np

from davinz_jax.ntk import tangent_kernel
from experiments.benchmarks.measuring import (
    Effort,
    interleave,
    number_check,
    ratio_check,
    record,
    relative_error,
)
from experiments.benchmarks.memory import peak_of
from experiments.benchmarks.workloads import Workload, source, workload

NETWORK = "cnn"


def cost_of_rows(*, rows: Sequence[int], effort: Effort) -> dict[str, Any]:
    """Dense kernels of the first n rows, for several n."""
    work = workload(NETWORK, max(rows))
    sides = {_rows_name(n): partial(first_blocks, work, n, 1) for n in rows}
    timings = interleave(sides, effort)
    small, large = sorted(rows)[-2:]
    slope = np.log(timings.median(_rows_name(large)) / timings.median(_rows_name(small)))
    submatrix = timings.answers[_rows_name(large)][0, :small, :small]
    return record(
        {_rows_name(n): timings.side(_rows_name(n), rows=n) for n in rows},
        [number_check("exponent of n over the last step", slope / np.log(large / small))],
        error=relative_error(timings.answers[_rows_name(small)][0], submatrix),
        error_bound=1e-5,
        error_of="kernel against the submatrix of the larger one",
        inputs=source(NETWORK),
        quantity="rows",
    )


def cost_of_blocks(*, num_rows: int, blocks: Sequence[int], effort: Effort) -> dict[str, Any]:
    """The kernel of the same rows in more and more diagonal blocks, 1 of them among these."""
    work = workload(NETWORK, num_rows)
    sides = {_blocks_name(b): partial(first_blocks, work, num_rows, b) for b in blocks}
    timings = interleave(sides, effort)
    dense, most = timings.answers[_blocks_name(1)][0], max(blocks)
    width = num_rows // most
    return record(
        {_blocks_name(b): timings.side(_blocks_name(b), blocks=b) for b in blocks},
        [ratio_check(timings, _blocks_name(1), _blocks_name(b)) for b in blocks if b > 1],
        error=relative_error(
            timings.answers[_blocks_name(most)][0, :width, :width], dense[:width, :width]
        ),
        error_bound=1e-5,
        error_of="first block against the submatrix of the dense kernel",
        inputs=source(NETWORK),
        quantity="blocks",
    )


def flat_memory(*, rows: Sequence[int], block: int, own_process: bool) -> dict[str, Any]:
    """Blocks of a few rows: peak memory beside the data, and seconds a row, as n grows."""
    sides = {
        _rows_name(n): peak_of(blocks_job, own_process=own_process, num_rows=n, block=block)
        | {"rows": n}
        for n in rows
    }
    least, most = sides[_rows_name(min(rows))], sides[_rows_name(max(rows))]
    beside = [side["peak_bytes"] - side["data_bytes"] for side in (least, most)]
    seconds = [side["seconds"] / side["rows"] for side in (least, most)]
    return record(
        sides,
        [
            number_check(
                "peak bytes beside data and kernel, most rows / fewest",
                beside[1] / beside[0],
                at_most=1.2,
            ),
            number_check("seconds a row, most rows / fewest", seconds[1] / seconds[0]),
        ],
        error=relative_error(most["first_block_sums"], least["first_block_sums"]),
        error_bound=1e-5,
        error_of="row sums of the first block at the largest n against those at the smallest",
        inputs=source(NETWORK),
        quantity="rows",
    )


def blocks_job(*, num_rows: int, block: int) -> dict[str, Any]:
    """A job for a process of its own: the kernel of n rows in blocks, once compiled."""
    work = workload(NETWORK, num_rows)
    first_blocks(work, block, 1)
    start = time.perf_counter()
    blocks = first_blocks(work, num_rows, num_rows // block)
    return {
        "seconds": time.perf_counter() - start,
        "data_bytes": work.dataset.inputs.nbytes + blocks.nbytes,
        "first_block_sums": blocks[0].sum(axis=1).tolist(),
    }


def first_blocks(work: Workload, num_rows: int, num_blocks: int) -> np.ndarray:
    """Kernel blocks (b, s, s) of the first n rows, in runs of rows."""
    kernel = tangent_kernel(
        work.apply,
        [work.variables],
        work.dataset if num_rows == len(work.dataset) else work.dataset.take(np.arange(num_rows)),
        output=work.output,
        engine="layerwise",
        num_blocks=num_blocks,
        shuffle=False,
        key=jax.random.key(0),
    )
    return kernel.blocks[0]


def _rows_name(num_rows: int) -> str:
    return f"{num_rows:,} rows"


def _blocks_name(num_blocks: int) -> str:
    return f"{num_blocks} block{'s' if num_blocks > 1 else ''}"
