"""MMD in tiles against the dense matrices, and where those would not fit."""

import time
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Float

from davinz_jax.mmd import mmd_squared
from experiments.benchmarks.measuring import Effort, interleave, number_check, ratio_check, record
from experiments.benchmarks.memory import peak_of
from experiments.benchmarks.workloads import random_images

BANDWIDTH = 5.0
OURS, OTHER = "in tiles", "dense NumPy"


def tiles_against_dense(
    *, num_rows: int, num_validation_rows: int, own_process: bool, effort: Effort
) -> dict[str, Any]:
    """MMD² of two samples of 784 columns, both sides in float64."""
    settings = {"num_rows": num_rows, "num_validation_rows": num_validation_rows}
    x, y = samples(**settings)
    sides = {
        OURS: partial(mmd_squared, x, y, bandwidth=BANDWIDTH),
        OTHER: partial(dense_mmd_squared, x, y),
    }
    timings = interleave(sides, effort)
    peaks = {
        name: peak_of(one_mmd, own_process=own_process, in_tiles=name == OURS, **settings)
        for name in sides
    }
    found, wanted = timings.answers[OURS], timings.answers[OTHER]
    used = {name: peak["peak_bytes"] for name, peak in peaks.items()}
    return record(
        {name: timings.side(name, **peaks[name]) for name in sides},
        [
            ratio_check(timings, OTHER, OURS),
            number_check(f"{OTHER} / {OURS}, peak bytes", used[OTHER] / used[OURS]),
        ],
        error=abs(found - wanted),
        error_bound=1e-9,
        error_of="MMD², absolute",
        inputs="random 784 columns",
    )


def large_mmd(*, num_rows: int, num_validation_rows: int, own_process: bool) -> dict[str, Any]:
    """MMD² of samples whose dense matrices would take more than the memory at hand."""
    side = peak_of(
        one_mmd,
        own_process=own_process,
        in_tiles=True,
        num_rows=num_rows,
        num_validation_rows=num_validation_rows,
    )
    dense = 8.0 * num_rows**2
    return record(
        {OURS: side},
        [number_check("bytes of the dense matrix alone / peak bytes", dense / side["peak_bytes"])],
        error=abs(side["answer"] - side["by_parts"]),
        error_bound=1e-9,
        error_of="MMD² with the two samples exchanged, absolute; on the first 3,000 rows of each",
        inputs="random 784 columns",
    )


def one_mmd(*, in_tiles: bool, num_rows: int, num_validation_rows: int) -> dict[str, Any]:
    """A job for a process of its own: MMD² once, by one way."""
    x, y = samples(num_rows=num_rows, num_validation_rows=num_validation_rows)
    start = time.perf_counter()
    whole = mmd_squared(x, y, bandwidth=BANDWIDTH) if in_tiles else dense_mmd_squared(x, y)
    seconds = time.perf_counter() - start
    few_x, few_y = x[:3000], y[:3000]
    return {
        "seconds": seconds,
        "mmd_squared": whole,
        "answer": mmd_squared(few_x, few_y, bandwidth=BANDWIDTH) if in_tiles else whole,
        "by_parts": mmd_squared(few_y, few_x, bandwidth=BANDWIDTH) if in_tiles else whole,
    }


def samples(
    *, num_rows: int, num_validation_rows: int
) -> tuple[Float[np.ndarray, "n d"], Float[np.ndarray, "m d"]]:
    """Two samples of 784 columns, float32, the second a little darker."""
    inputs = random_images(num_rows + num_validation_rows, (784,)).inputs
    return inputs[:num_rows], inputs[num_rows:] * np.float32(0.9)


def dense_mmd_squared(x: Float[np.ndarray, "n d"], y: Float[np.ndarray, "m d"]) -> float:
    """Biased MMD² from whole kernel matrices, as one writes it first."""
    x, y = x.astype(np.float64), y.astype(np.float64)
    within = _rbf(x, x).mean() + _rbf(y, y).mean()
    return float(within - 2 * _rbf(x, y).mean())


def _rbf(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    squared = (x**2).sum(1)[:, None] + (y**2).sum(1)[None, :] - 2 * x @ y.T
    return np.exp(-np.maximum(squared, 0) / (2 * BANDWIDTH**2))
