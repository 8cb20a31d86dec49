"""Sketched kernels against the exact one: time, memory, and how far off the entries are.

Each side is one call in a process of its own, once a small kernel has compiled what it needs; all
within one bound on memory. Entries are compared on the first rows.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
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
    *,
    network: str,
    num_rows: int,
    sizes: Sequence[int],
    own_process: bool,
) -> dict[str, Any]:
    """Dense kernel of n rows, exactly and by sketches of several sizes.

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
    exact, checks, shares = found[EXACT], list[Check](), list[float]()
    for name in map(name_of, sizes):
        sketch = found[name]
        error = _error(np.array(sketch["corner"]), np.array(exact["corner"]))
        shares.append(error / sketch["stated_error"])
        checks += _savings(name, exact, sketch)
        checks += _errors(name, error, sketch["stated_error"])
    return record(
        {name: _side(each) for name, each in found.items()},
        checks,
        error=max(shares),
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
        "num_rows": num_rows,
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


def _side(found: Mapping[str, Any]) -> dict[str, Any]:
    kept = ("seconds", "warming_seconds", "peak_bytes", "bytes_before")
    layers = [how for how in found["coverage"].values() if how == "sketch"]
    rows_per_second = found["num_rows"] / found["seconds"]
    side = {name: found[name] for name in kept}
    return side | {"rows_per_second": rows_per_second, "sketched_layers": len(layers)}


def _savings(name: str, exact: Mapping[str, Any], sketch: Mapping[str, Any]) -> Iterator[Check]:
    """What a sketch saves."""
    for what, words in (("seconds", "seconds"), ("peak_bytes", "peak bytes")):
        yield number_check(f"{EXACT} / {name}, {words}", exact[what] / sketch[what])


def _errors(name: str, measured: float, stated: float) -> Iterator[Check]:
    yield number_check(f"{name}, error of entries measured, of √(K_ii K_jj)", measured)
    yield number_check(f"{name}, error of entries stated", stated)
