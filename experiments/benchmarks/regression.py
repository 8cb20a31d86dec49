"""What kernel regression costs: a ridge from the data, and exact Shapley values on any threads."""

from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy import linalg
from threadpoolctl import threadpool_limits

from davinz_jax.kernels import RBF, KernelMatrix, gram
from davinz_jax.linalg import RidgeCurve, choose_ridge
from davinz_jax.semivalues import Sampling, shapley
from davinz_jax.utility import KernelRegressionUtility
from experiments.benchmarks.measuring import (
    Effort,
    interleave,
    ratio_check,
    record,
    relative_error,
)
from experiments.benchmarks.workloads import equal_parties

NUM_CLASSES, NUM_COLUMNS, RELATIVE_RIDGE = 10, 20, 0.1
INPUTS = f"RBF kernel of normal rows of {NUM_COLUMNS} columns, {NUM_CLASSES} classes at random"


def ridge_by_leave_one_out(*, num_rows: int, effort: Effort) -> dict[str, Any]:
    """The ridge of least leave-one-out error against one eigendecomposition by SciPy, float64."""
    kernel, one_hot = _kernel(num_rows, 1)
    matrix = kernel.blocks[0, 0].astype(np.float64)
    ours, other = "ridge by leave-one-out", "one eigendecomposition"
    sides = {
        ours: partial(choose_ridge, kernel.blocks, kernel.rows, kernel.residual, one_hot),
        other: partial(linalg.eigh, matrix, check_finite=False),
    }
    timings = interleave(sides, effort)
    curve: RidgeCurve = timings.answers[ours]
    wanted = leave_one_out_error(matrix, one_hot, curve.ridge)
    return record(
        {name: timings.side(name, rows=num_rows) for name in sides},
        [ratio_check(timings, ours, other, at_most=1.5)],
        error=relative_error([curve.error], [wanted]),
        error_bound=1e-6,
        error_of="leave-one-out error at the ridge chosen, by an inverse",
        inputs=INPUTS,
    )


def threads_of_shapley(
    *, num_rows: int, num_validation_rows: int, num_parties: int, effort: Effort
) -> dict[str, Any]:
    """Exact Shapley values of parties on all BLAS threads against one; no slower is within 10 %."""
    kernel, _ = _kernel(num_rows, num_validation_rows)
    parties = equal_parties(num_rows, num_parties)
    targets = np.arange(num_validation_rows) % NUM_CLASSES

    def value() -> Float[np.ndarray, " p"]:
        utility = KernelRegressionUtility(kernel, parties, targets, ridge=RELATIVE_RIDGE)
        return shapley(utility, sampling=Sampling(method="exact")).values

    def value_on_one() -> Float[np.ndarray, " p"]:
        with threadpool_limits(limits=1, user_api="blas"):
            return value()

    ours, other = "all BLAS threads", "one BLAS thread"
    timings = interleave({ours: value, other: value_on_one}, effort)
    return record(
        {name: timings.side(name, rows=num_rows) for name in (ours, other)},
        [ratio_check(timings, ours, other, at_most=1.1)],
        error=relative_error(timings.answers[ours], timings.answers[other]),
        error_bound=1e-8,
        error_of="values, largest difference over the largest",
        inputs=INPUTS,
    )


def leave_one_out_error(
    matrix: Float[np.ndarray, "n n"], one_hot: Float[np.ndarray, "n k"], ridge: float
) -> float:
    """Mean squared error of rows left out, from the inverse of the shifted kernel."""
    inverse = linalg.inv(matrix + ridge * np.eye(len(matrix)))
    left = inverse @ one_hot / np.diagonal(inverse)[:, None]
    return float(np.square(left).mean())


def _kernel(
    num_rows: int, num_validation_rows: int
) -> tuple[KernelMatrix, Float[np.ndarray, "n k"]]:
    """A kernel of one block and initialisation whose start is zero, and what it is to explain."""
    generator = np.random.default_rng(0)
    rows = generator.normal(size=(num_rows + num_validation_rows, NUM_COLUMNS))
    function = RBF(float(np.sqrt(2 * NUM_COLUMNS)))
    own, other = rows[:num_rows], rows[num_rows:]
    one_hot = np.eye(NUM_CLASSES)[generator.integers(NUM_CLASSES, size=num_rows)]
    kernel = KernelMatrix(
        gram(function, own)[None, None].astype(np.float32),
        np.arange(num_rows)[None],
        one_hot[None],
        "rbf",
        validation_kernel=gram(function, other, own)[None].astype(np.float32),
        validation_outputs=np.zeros((1, num_validation_rows, NUM_CLASSES)),
    )
    return kernel, one_hot
