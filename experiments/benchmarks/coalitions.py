"""What values of coalitions cost, against the factorisation, the kernel, and recomputing.

Measurements of algebra alone take kernels of random features (see `workloads`); those with a kernel
of a network say which. Both sides get the same kernel, and the cost of ours includes the making
of the utility, which factorises the kernel once itself.
"""

import time
from functools import partial
from typing import Any

import jax
import numpy as np
from jaxtyping import Float
from scipy import linalg

from davinz_jax.data import Parties
from davinz_jax.equations import complexity
from davinz_jax.ntk import TangentKernel, block_rows, empirical_ntk, tangent_kernel
from davinz_jax.semivalues import Sampling, Valuation, leave_one_out, shapley
from davinz_jax.utility import ComplexityUtility, FunctionUtility
from experiments.benchmarks.measuring import (
    Effort,
    Timings,
    interleave,
    number_check,
    ratio_check,
    record,
    relative_error,
    time_call,
)
from experiments.benchmarks.memory import peak_bytes, peak_of
from experiments.benchmarks.workloads import (
    RIDGE,
    Workload,
    equal_parties,
    random_kernel,
    single_rows,
    source,
    workload,
)

RANDOM = "kernel of random features"
NETWORK = "cnn"


def leave_one_out_of_rows(*, num_rows: int, effort: Effort) -> dict[str, Any]:
    """All n leave-one-out values of rows against one Cholesky and inverse by SciPy, float64."""
    kernel, parties = random_kernel(num_rows), single_rows(num_rows)
    ours, other = "all leave-one-out values", "Cholesky and inverse"
    sides = {
        ours: partial(_leave_out, kernel, parties),
        other: partial(_inverse, add_ridge(kernel)),
    }
    timings = interleave(sides, effort)
    lower = timings.answers[other]
    wanted = leave_out_by_inverse(
        np.tril(lower) + np.tril(lower, -1).T, kernel.residual[0].astype(np.float64)
    )
    return record(
        {name: timings.side(name, rows=num_rows) for name in sides},
        [ratio_check(timings, ours, other, at_most=3.0)],
        error=relative_error(timings.answers[ours], wanted),
        error_bound=1e-8,
        error_of="values, largest difference over the largest value",
        inputs=RANDOM,
    )


def one_permutation(*, num_rows: int, effort: Effort) -> dict[str, Any]:
    """One permutation's n marginals of rows against one dense Cholesky by SciPy, float64."""
    kernel = random_kernel(num_rows)
    utility = ComplexityUtility(kernel, single_rows(num_rows), ridge=RIDGE)
    order = np.random.default_rng(1).permutation(num_rows)
    matrix = add_ridge(kernel)
    ours, other = "marginals of one permutation", "dense Cholesky"
    sides = {
        ours: lambda: np.diff(utility.prefixes(order)[0, 0]),
        other: partial(linalg.cholesky, matrix, lower=True, check_finite=False),
    }
    timings = interleave(sides, effort)
    residual = kernel.residual[0, order, 0].astype(np.float64)
    wanted = np.diff(_prefixes_by_hand(matrix[np.ix_(order, order)], residual))
    return record(
        {name: timings.side(name, rows=num_rows) for name in sides},
        [ratio_check(timings, ours, other, at_most=2.0)],
        error=relative_error(timings.answers[ours], wanted),
        error_bound=1e-8,
        error_of="marginals, largest difference over the largest",
        inputs=RANDOM,
    )


def many_permutations(
    *, num_rows: int, num_permutations: int, seconds_at_most: float
) -> dict[str, Any]:
    """Shapley values of n rows by sampled permutations, the whole estimator with its errors."""
    utility = ComplexityUtility(random_kernel(num_rows), single_rows(num_rows), ridge=RIDGE)
    seconds, valuation = time_call(
        lambda: shapley(
            utility,
            sampling=Sampling(method="permutation", num_samples=num_permutations),
            key=jax.random.key(2),
        )
    )
    return record(
        {"permutations": {"seconds": seconds, "rows": num_rows}},
        [number_check("seconds of all permutations", seconds, at_most=seconds_at_most)],
        error=relative_error(valuation.values.sum(), utility.grand().sum()),
        error_bound=1e-8,
        error_of="sum of the values against the utility of all rows",
        inputs=RANDOM,
    )


def exact_shapley_of_parties(
    *, num_rows: int, num_blocks: int, num_parties: int, effort: Effort
) -> dict[str, Any]:
    """Exact Shapley values of parties against the time their kernel takes, CNN in blocks."""
    work = workload(NETWORK, num_rows)
    ours, other = "exact Shapley values", "the kernel"
    kernel = _kernel(work, num_blocks)
    parties = equal_parties(num_rows, num_parties)
    ridge = ridge_for(kernel)
    sides = {
        ours: lambda: shapley(
            ComplexityUtility(kernel, parties, ridge=ridge), sampling=Sampling(method="exact")
        ),
        other: partial(_kernel, work, num_blocks),
    }
    timings = interleave(sides, effort)
    utility = ComplexityUtility(kernel, parties, ridge=ridge)
    chosen = np.linspace(1, 2**num_parties - 1, 8).astype(int)
    wanted = [_by_hand(kernel, (c >> parties.indices) % 2 == 1, ridge) for c in chosen]
    return record(
        {name: timings.side(name, rows=num_rows) for name in sides},
        [ratio_check(timings, ours, other, at_most=0.2)],
        error=relative_error(utility.power_set()[0, 0, chosen], wanted),
        error_bound=1e-8,
        error_of="complexities of 8 coalitions against the equation",
        inputs=source(NETWORK),
    )


def against_recomputing(
    *, num_rows: int, num_blocks: int, num_parties: int, effort: Effort
) -> dict[str, Any]:
    """Values of parties from one kernel against a kernel anew for each coalition, CNN.

    Both sides start from the network. Recomputing is as in the authors' code, but by the
    layer-wise engine, so that the ratio is that of the algebra and not of the engines. Rows are
    dealt to parties in turn and not shuffled, so that equal coalitions have blocks of equal shape
    and recomputing compiles as few times as it can.
    """
    work = workload(NETWORK, num_rows)
    parties = equal_parties(num_rows, num_parties)
    ridge = ridge_for(_kernel(work, num_blocks))
    whole = partial(_value_once, work, parties, num_blocks, ridge)
    anew = partial(_value_anew, work, parties, num_blocks, ridge)
    sides = {
        f"{kind}, {way}": partial(value, semivalue)
        for kind, semivalue in (("leave-one-out", leave_one_out), ("Shapley", shapley))
        for way, value in (("one kernel", whole), ("recomputed", anew))
    }
    timings = interleave(sides, effort)
    kinds = ("leave-one-out", "Shapley")
    return record(
        {name: timings.side(name, rows=num_rows) for name in sides},
        [
            ratio_check(timings, f"{kind}, recomputed", f"{kind}, one kernel", at_least=1.0)
            for kind in kinds
        ],
        error=max(_error(timings, kind) for kind in kinds),
        error_bound=1e-3,
        error_of="values, largest difference over the largest; kernels in float32",
        inputs=source(NETWORK),
    )


def whole_pass(*, num_rows: int, own_process: bool) -> dict[str, Any]:
    """Dense CNN kernel of n rows and all leave-one-out values: seconds and peak memory."""
    side = peak_of(pass_job, own_process=own_process, num_rows=num_rows)
    gigabytes = side["peak_bytes"] / 1e9
    return record(
        {"kernel and values": side},
        [
            number_check("seconds", side["seconds"], at_most=180.0),
            number_check("peak, GB", gigabytes, at_most=6.0),
        ],
        error=relative_error(side["first_value"], side["first_value_by_solve"]),
        error_bound=1e-6,
        error_of="a row's value against the utility without it, factorised anew",
        inputs=source(NETWORK),
    )


def pass_job(*, num_rows: int) -> dict[str, Any]:
    """A job for a process of its own: kernel, then values; compilation counts."""
    work = workload(NETWORK, num_rows)
    kernel_seconds, kernel = time_call(partial(_kernel, work, 1))
    start = time.perf_counter()
    utility = ComplexityUtility(kernel, single_rows(num_rows), ridge=ridge_for(kernel))
    values = utility.leave_one_out()[0, 0]
    value_seconds = time.perf_counter() - start
    peak = peak_bytes()
    without = np.arange(num_rows) != 0
    by_solve = utility.grand()[0, 0] - utility.coalitions(without[None])[0, 0, 0]
    return {
        "rows": num_rows,
        "seconds": kernel_seconds + value_seconds,
        "kernel_seconds": kernel_seconds,
        "value_seconds": value_seconds,
        "peak_bytes": peak,
        "first_value": float(values[0]),
        "first_value_by_solve": float(by_solve),
    }


def ridge_for(kernel: TangentKernel) -> float:
    """A thousandth of the mean eigenvalue."""
    return 1e-3 * float(np.trace(kernel.blocks[0], axis1=1, axis2=2).sum()) / kernel.rows.size


def add_ridge(kernel: TangentKernel) -> Float[np.ndarray, "n n"]:
    """K + λI of a dense kernel, float64."""
    return kernel.blocks[0, 0].astype(np.float64) + RIDGE * np.eye(kernel.blocks.shape[-1])


def leave_out_by_inverse(
    inverse: Float[np.ndarray, "n n"], residual: Float[np.ndarray, "n 1"]
) -> Float[np.ndarray, " n"]:
    """c(N) − c(N without i) of every row i, with q(N) − q(N without i) = α_i² / A_ii."""
    alpha = (inverse @ residual)[:, 0]
    whole, num_rows = float(residual[:, 0] @ alpha), len(alpha)
    without = whole - alpha**2 / np.diag(inverse)
    return np.sqrt(whole / num_rows) - np.sqrt(without / (num_rows - 1))


def _leave_out(kernel: TangentKernel, parties: Parties) -> Float[np.ndarray, " n"]:
    return ComplexityUtility(kernel, parties, ridge=RIDGE).leave_one_out()[0, 0]


def _inverse(matrix: Float[np.ndarray, "n n"]) -> Float[np.ndarray, "n n"]:
    """LAPACK's potrf and potri, the least that gives an inverse: its lower triangle."""
    factorise, invert = linalg.get_lapack_funcs(("potrf", "potri"), dtype=np.float64)
    factor, _ = factorise(matrix.T, lower=1)
    return invert(factor, lower=1, overwrite_c=1)[0]


def _prefixes_by_hand(matrix: np.ndarray, residual: np.ndarray) -> np.ndarray:
    white = linalg.solve_triangular(linalg.cholesky(matrix, lower=True), residual, lower=True)
    sizes = np.arange(1, len(residual) + 1)
    return np.concatenate([[0.0], np.sqrt(np.cumsum(white**2) / sizes)])


def _by_hand(kernel: TangentKernel, is_in: np.ndarray, ridge: float) -> float:
    """sqrt(q / n) of the rows marked: by the equation, q = n c² of each block's c."""
    total = 0.0
    for block, members in zip(kernel.blocks[0], kernel.rows, strict=True):
        places = np.flatnonzero((members >= 0) & is_in[members])
        matrix = block[np.ix_(places, places)].astype(np.float64)
        residual = kernel.residual[0, members[places]].astype(np.float64)
        with jax.enable_x64(True):
            total += len(places) * float(complexity(matrix, residual, ridge=ridge)) ** 2
    return float(np.sqrt(total / is_in.sum()))


def _kernel(work: Workload, num_blocks: int) -> TangentKernel:
    return tangent_kernel(
        work.apply, [work.variables], work.dataset, output=work.output, engine="layerwise",
        num_blocks=num_blocks, shuffle=False,
    )  # fmt: skip


def _value_once(
    work: Workload, parties: Parties, num_blocks: int, ridge: float, semivalue: Any
) -> Valuation:
    return semivalue(ComplexityUtility(_kernel(work, num_blocks), parties, ridge=ridge))


def _value_anew(
    work: Workload, parties: Parties, num_blocks: int, ridge: float, semivalue: Any
) -> Valuation:
    """Each coalition's blocks from the network, on the partition that the whole data has."""
    rows = _partition(work, num_blocks)
    forward = jax.jit(work.apply)

    def utility(members: tuple[int, ...]) -> float:
        total, size = 0.0, int(np.isin(parties.indices, members).sum())
        for block in rows:
            own = block[np.isin(parties.indices[block], members)]
            if len(own):
                total += _form_anew(work, forward, own, ridge)
        return float(np.sqrt(total / size))

    return semivalue(FunctionUtility(utility, parties.names, receives="indices", empty=0.0))


def _partition(work: Workload, num_blocks: int) -> list[np.ndarray]:
    blocks = block_rows(len(work.dataset), num_blocks=num_blocks, shuffle=False, key=None)
    return [block[block >= 0] for block in blocks]


def _form_anew(work: Workload, forward: Any, rows: np.ndarray, ridge: float) -> float:
    """rᵀ(K + λI)⁻¹r of some rows, the kernel computed for them."""
    data = work.dataset.take(rows)
    kernel = empirical_ntk(
        work.apply, work.variables, data.inputs, data.targets, engine="layerwise"
    )
    outputs = np.asarray(forward(work.variables, data.inputs))
    residual = 1.0 - outputs[np.arange(len(rows)), data.targets].astype(np.float64)
    matrix = kernel.astype(np.float64) + ridge * np.eye(len(rows))
    return float(residual @ linalg.solve(matrix, residual, assume_a="pos"))


def _error(timings: Timings, kind: str) -> float:
    whole, anew = (timings.answers[f"{kind}, {way}"] for way in ("one kernel", "recomputed"))
    return relative_error(whole.values, anew.values)
