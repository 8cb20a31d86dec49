"""What a kernel is expected to take: operations by hand, and that it is said before the start."""

import jax.numpy as jnp
import numpy as np

from davinz_jax.data.dataset import Dataset, Validation
from davinz_jax.ntk import tangent_kernel
from davinz_jax.ntk.engines.base import ComputeCost, Request
from davinz_jax.ntk.execution.forecast import kernel_operations, product_rate

EFFORT = ComputeCost(tile_row=1.0, kept_row=100.0, pair=10_000.0, output_row=1e8)


def linear(variables, inputs):
    return inputs @ variables["params"]["kernel"]


def test_operations_of_a_dense_kernel_by_hand():
    """6 rows in 3 batches of 2, two of them kept: batches 0, 1, 2, then 2 again are 8 rows.

    3 diagonal tiles of 2 rows and 3 others of 4; 18 pairs; two passes; 6 outputs; two draws.
    """
    found = kernel_operations(EFFORT, Request(num_draws=2), 6, passes=2, size=2, num_cached=2)
    assert found == 2 * (2 * (8 * 100 + (3 * 2 + 3 * 4) + 18 * 10_000) + 6e8)


def test_operations_of_blocks_add_up():
    one = kernel_operations(EFFORT, Request(), 5, passes=1, size=5, num_cached=1)
    four = kernel_operations(EFFORT, Request(num_blocks=4), 20, passes=1, size=5, num_cached=1)
    assert four == 4 * one


def test_operations_of_the_kernel_to_a_validation_set():
    """4 rows in 2 batches, all kept, 2 validation rows: 6 rows seen, 8 pairs, 2 tiles of 4."""
    plain = kernel_operations(EFFORT, Request(), 4, passes=1, size=2, num_cached=2)
    more = kernel_operations(
        EFFORT, Request(num_validation_rows=2), 4, passes=1, size=2, num_cached=2
    )
    assert more - plain == 6 * 100 + 8 * 10_000 + (2 * 2 + 4 * 1) * 1 + 2e8


def test_rate_is_that_of_a_machine():
    assert 1e7 < product_rate(np.dtype(np.float32)) < 1e16


def test_is_said_before_the_kernel_is_begun():
    said = []
    data = Dataset(
        np.ones((9, 4), np.float32), np.zeros(9), "regression", 1, Validation(np.ones((2, 4)))
    )
    tangent_kernel(
        linear, [{"params": {"kernel": jnp.ones((4, 1))}}] * 2, data, output="scalar",
        num_blocks=3, shuffle=False, announce=said.append,
        progress=lambda *_: said.append("progress"),
    )  # fmt: skip
    forecast, *rest = said
    assert set(rest) == {"progress"}
    assert (forecast.num_rows, forecast.num_blocks, forecast.num_draws) == (9, 3, 2)
    assert forecast.seconds > 0
    assert str(forecast).startswith("kernel of 9 rows, 3 blocks, 2 initialisations, by neural_tan")
    assert "expected to take about" in str(forecast)
