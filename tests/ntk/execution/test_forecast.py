"""What a kernel is expected to take is said before the start."""

import jax.numpy as jnp
import numpy as np

from davinz_jax.data.dataset import Dataset, Validation
from davinz_jax.ntk import tangent_kernel
from davinz_jax.ntk.execution.forecast import product_rate


def linear(variables, inputs):
    return inputs @ variables["params"]["kernel"]


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
    assert str(forecast).startswith("kernel of 9 rows, 3 blocks, 2 initialisations, by layerwise")
    assert "expected to take about a second" in str(forecast)
    assert "expected to take 30 s to 3 min" in str(forecast._replace(seconds=100.0))
