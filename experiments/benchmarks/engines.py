"""Both engines of the tangent kernel side by side, and how far each is from the machine's limits.

The limits are measured in the same rounds: one forward and one backward pass of all rows (the
floor of any kernel), and a float32 matrix product at full precision (the machine's rate).
"""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from davinz_jax.ntk import empirical_ntk
from davinz_jax.ntk.execution.forecast import forecast
from davinz_jax.ntk.execution.plan import Request, make_plan
from davinz_jax.ntk.outputs import Network, make_rows
from experiments.benchmarks.measuring import (
    Check,
    Effort,
    Timings,
    interleave,
    number_check,
    ratio_check,
    record,
    relative_error,
    spread,
)
from experiments.benchmarks.memory import peak_of
from experiments.benchmarks.operations import kernel_operations
from experiments.benchmarks.workloads import Workload, source, workload

OURS, OTHER = "layerwise", "neural_tangents"
FLOOR, PRODUCT = "forward + backward", "matrix product"
WANTED_SPEED = 1.5
WANTED_SHARE = 1.3
"""Of the passes and the products at the machine's rate, on sequences."""
_JUDGED_ROWS = 4
"""Rows whose kernel is compared where the other engine has no room for all."""
WANTED_BYTES = {"resnet18": 9.7e9 / 3}
"""A third of what the authors' code takes for the block."""


def compare_engines(
    *, network: str, num_rows: int, product_size: int, own_process: bool, effort: Effort
) -> dict[str, Any]:
    """Dense kernel of n rows by both engines.

    Args:
        network: one of `NETWORKS`.
        num_rows: n; a block of the kernel where that is how the network is used.
        product_size: rows and columns of the matrix product.
        own_process: measure peaks of memory in processes of their own.
        effort: rounds.
    """
    work = workload(network, num_rows)
    sides = {engine: partial(kernel_of, work, engine) for engine in (OURS, OTHER)}
    sides |= {FLOOR: both_passes(work), PRODUCT: matrix_product(product_size)}
    timings = interleave(sides, effort)
    peaks = {
        engine: peak_of(
            one_kernel, own_process=own_process, engine=engine, network=network, num_rows=num_rows
        )
        for engine in (OURS, OTHER)
    }
    rate = 2 * product_size**3 / timings.median(PRODUCT)
    count = kernel_operations(work, num_rows)
    described = {
        engine: timings.side(
            engine,
            rows_per_second=num_rows / timings.median(engine),
            operations_per_second=count.total / timings.median(engine),
            share_of_matrix_product=count.total / timings.median(engine) / rate,
            **peaks[engine],
        )
        for engine in (OURS, OTHER)
    }
    return record(
        described | {FLOOR: timings.side(FLOOR), PRODUCT: timings.side(PRODUCT)},
        [*_checks(network, timings, peaks), _forecast_check(work, timings)],
        error=relative_error(timings.answers[OURS], timings.answers[OTHER]),
        error_bound=1e-5,
        error_of="kernels, largest difference over the largest entry, float32",
        inputs=source(network),
        operations={"passes": count.passes, "products": count.products, "parameters": "by formula"},
        matrix_product_operations_per_second=rate,
        where=_where(timings, count.products / rate),
    )


def compare_with_limit(
    *, network: str, num_rows: int, product_size: int, own_process: bool, effort: Effort
) -> dict[str, Any]:
    """Dense kernel of n rows by the layer-wise engine beside what the machine allows.

    For networks of which the other engine has no room for as many rows; it gives the kernel of a
    few that ours is compared with. Arguments are those of `compare_engines`.
    """
    work = workload(network, num_rows)
    sides = {OURS: partial(kernel_of, work, OURS), FLOOR: both_passes(work)}
    timings = interleave(sides | {PRODUCT: matrix_product(product_size)}, effort)
    peak = peak_of(
        one_kernel, own_process=own_process, engine=OURS, network=network, num_rows=num_rows
    )
    count = kernel_operations(work, num_rows)
    operations = 2 * product_size**3
    rates = [operations / seconds for seconds in timings.rounds[PRODUCT]]
    rounds = zip(timings.rounds[OURS], timings.rounds[FLOOR], rates, strict=True)
    shares = [ours / (floor + count.products / rate) for ours, floor, rate in rounds]
    rate = operations / timings.median(PRODUCT)
    ours = timings.side(OURS, rows_per_second=num_rows / timings.median(OURS), **peak)
    few = workload(network, _JUDGED_ROWS)
    wanted = kernel_of(few, OTHER)
    return record(
        {OURS: ours, FLOOR: timings.side(FLOOR), PRODUCT: timings.side(PRODUCT)},
        [
            Check(
                f"{OURS} / ({FLOOR} + products at the matrix product's rate), seconds",
                spread(shares),
                at_most=WANTED_SHARE,
            ),
            ratio_check(timings, OURS, FLOOR),
            number_check(f"{OURS}, peak bytes", peak["peak_bytes"]),
            _forecast_check(work, timings),
        ],
        error=relative_error(kernel_of(few, OURS), wanted),
        error_bound=1e-5,
        error_of=f"kernels of {_JUDGED_ROWS} rows, largest difference over the largest entry",
        inputs=source(network),
        operations={"passes": count.passes, "products": count.products, "parameters": "by formula"},
        matrix_product_operations_per_second=rate,
        where=_where(timings, count.products / rate),
    )


def kernel_of(work: Workload, engine: str) -> np.ndarray:
    """The kernel of all rows by one engine."""
    dataset = work.dataset
    return empirical_ntk(
        work.apply, work.variables, dataset.inputs, dataset.targets,
        output=work.output, engine=engine,
    )  # fmt: skip


def one_kernel(*, engine: str, network: str, num_rows: int) -> dict[str, Any]:
    """A job for a process of its own: one kernel, whose peak is read."""
    kernel_of(workload(network, num_rows), engine)
    return {}


def both_passes(work: Workload, batch_size: int = 100) -> Any:
    """One forward and one backward pass of all rows, as a call.

    The gradient of the sum of all rows' outputs, with respect to all weights, in batches.
    """
    inputs, labels = work.dataset.inputs, work.dataset.targets
    columns = np.zeros(len(inputs), np.int32) if work.output == "scalar" else labels

    @jax.jit
    def gradient(params, rows, chosen):
        def total(params):
            outputs = work.apply({**work.variables, "params": params}, rows)
            return jnp.take_along_axis(outputs, chosen[:, None], axis=1).sum()

        return jax.grad(total)(params)

    def call() -> list[Any]:
        starts = range(0, len(inputs), batch_size)
        parts = (slice(start, start + batch_size) for start in starts)
        return [gradient(work.variables["params"], inputs[p], columns[p]) for p in parts]

    return call


def matrix_product(size: int) -> Any:
    """A product of two square float32 matrices at full precision, as a call."""
    matrix = jax.random.normal(jax.random.key(0), (size, size))
    product = jax.jit(partial(jnp.matmul, precision="highest"))
    return lambda: product(matrix, matrix)


def _checks(network: str, timings: Timings, peaks: dict[str, Any]) -> list[Check]:
    bytes_of = {engine: peak["peak_bytes"] for engine, peak in peaks.items()}
    return [
        ratio_check(timings, OTHER, OURS, at_least=WANTED_SPEED),
        ratio_check(timings, OURS, FLOOR),
        number_check(f"{OTHER} / {OURS}, peak bytes", bytes_of[OTHER] / bytes_of[OURS]),
        number_check(f"{OURS}, peak bytes", bytes_of[OURS], at_most=WANTED_BYTES.get(network)),
    ]


def _forecast_check(work: Workload, timings: Timings) -> Check:
    """What the planner says beforehand, against what it took."""
    network = Network(work.apply, work.output, "weights")
    rows = make_rows(network, work.dataset.inputs, work.dataset.targets)
    plan = make_plan(OURS, network, work.variables, rows)
    said = forecast(plan, len(work.dataset), Request(), np.dtype(np.float32), num_devices=1)
    share = said.seconds / timings.median(OURS)
    return number_check(f"{OURS}, seconds expected / taken", share)


def _where(timings: Timings, products: float) -> dict[str, float]:
    """Seconds of the layer-wise engine: the floor, the products at the machine's rate, the rest."""
    floor, whole = timings.median(FLOOR), timings.median(OURS)
    rest = max(whole - floor - products, 0.0)
    return {FLOOR: floor, "products at the matrix product's rate": products, "rest": rest}
