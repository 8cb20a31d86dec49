"""Sketched kernels against the exact one: time, memory, and how far off the entries are.

Each side is one call in a process of its own, once a small kernel has compiled what it needs; all
within one bound on memory. Entries are compared on the first rows.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import jax
import numpy as np

from davinz_jax.ntk import tangent_kernel
from experiments.benchmarks.measuring import Check, number_check, record
from experiments.benchmarks.memory import peak_of
from experiments.benchmarks.workloads import source, workload

EXACT = "exact"
MEMORY = "8GiB"
"""Bound on the memory of every side."""
_COMPARED = 100
"""Rows whose entries are compared."""
_WARMED = 40
"""Rows of the kernel that is computed first."""
_WANTED_SHARE = 3.0
"""Error measured, of that which is stated, at most: either is largely that of a few directions that
all rows share, and so of few degrees of freedom."""


def sketch_against_exact(
    *, network: str, num_rows: int, sizes: Sequence[int], own_process: bool
) -> dict[str, Any]:
    """The dense kernel of n rows exactly, and by sketches of several sizes.

    Args:
        network: one of `NETWORKS`.
        num_rows: n.
        sizes: k of each sketch.
        own_process: measure peaks of memory in processes of their own.
    """
    found = {
        name_of(size): peak_of(
            kernel_job, own_process=own_process, network=network, num_rows=num_rows, sketch=size
        )
        for size in (None, *sizes)
    }
    exact = np.array(found[EXACT]["corner"])
    errors = {size: _error(np.array(found[name_of(size)]["corner"]), exact) for size in sizes}
    stated = {size: found[name_of(size)]["stated_error"] for size in sizes}
    return record(
        {name: _side(each, num_rows) for name, each in found.items()},
        [check for size in sizes for check in _checks(found, size, errors[size], stated[size])],
        error=max(errors[size] / stated[size] for size in sizes),
        error_bound=_WANTED_SHARE,
        error_of="entries, error measured over error stated, the largest of all sketches",
        inputs=source(network),
        memory_bound=MEMORY,
    )


def kernel_job(*, network: str, num_rows: int, sketch: int | None) -> dict[str, Any]:
    """A job for a process of its own: one kernel, once what it needs is compiled."""
    work = workload(network, num_rows)

    def kernel(rows: int) -> Any:
        data = work.dataset if rows == num_rows else work.dataset.take(np.arange(rows))
        return tangent_kernel(
            work.apply, [work.variables], data, output=work.output, engine="layerwise",
            memory=MEMORY, sketch=sketch, key=jax.random.key(0),
        )  # fmt: skip

    start = time.perf_counter()
    kernel(min(_WARMED, num_rows))
    warmed = time.perf_counter()
    whole = kernel(num_rows)
    done = time.perf_counter()
    corner = whole.blocks[0, 0, :_COMPARED, :_COMPARED]
    return {
        "seconds": done - warmed,
        "warming_seconds": warmed - start,
        "corner": corner.tolist(),
        "stated_error": whole.sketch_error,
        "coverage": dict(whole.coverage or {}),
    }


def name_of(size: int | None) -> str:
    """How a side is called: by k, or exact."""
    return EXACT if size is None else f"sketch of {size}"


def _error(found: np.ndarray, exact: np.ndarray) -> float:
    """Root mean square of the difference, of √(K_ii K_jj)."""
    root = np.sqrt(np.diag(exact))
    return float(np.sqrt(np.mean(np.square((found - exact) / np.outer(root, root)))))


def _side(found: Mapping[str, Any], num_rows: int) -> dict[str, Any]:
    kept = ("seconds", "warming_seconds", "peak_bytes", "bytes_before")
    side = {name: found[name] for name in kept}
    layers = [how for how in found["coverage"].values() if how == "sketch"]
    return side | {"rows_per_second": num_rows / found["seconds"], "sketched": len(layers)}


def _checks(
    found: Mapping[str, Any], size: int, error: float, stated: float
) -> tuple[Check, Check, Check, Check]:
    own, exact, name = found[name_of(size)], found[EXACT], name_of(size)
    seconds, peak = (exact[what] / own[what] for what in ("seconds", "peak_bytes"))
    return (
        number_check(f"{EXACT} / {name}, seconds", seconds),
        number_check(f"{EXACT} / {name}, peak bytes", peak),
        number_check(f"{name}, error of entries measured, of √(K_ii K_jj)", error),
        number_check(f"{name}, error of entries stated", stated),
    )
