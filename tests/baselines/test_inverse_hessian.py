"""Inverse Hessians of linear regression, known in closed form."""

import jax.numpy as jnp
import numpy as np
import pytest

from davinz_jax.baselines import conjugate_gradients, lissa, objective
from davinz_jax.baselines.inverse_hessian import batches
from davinz_jax.models import MLP

VECTOR = np.array([[1.0], [-2.0]], np.float32)


@pytest.fixture(scope="module")
def problem(regression):
    data, _, variables = regression
    hessian = 2 * data.inputs.T @ data.inputs / len(data)  # of the mean squared error
    losses = objective(MLP(()), variables, "regression")
    rows = jnp.asarray(data.inputs), jnp.asarray(data.targets)
    return losses, variables["params"], {"out": {"kernel": jnp.asarray(VECTOR)}}, rows, hessian


def test_product_in_closed_form(problem):
    losses, params, vector, rows, hessian = problem
    found = losses.product(params, vector, *rows)["out"]["kernel"]
    np.testing.assert_allclose(found, hessian @ VECTOR, rtol=1e-5)


def test_conjugate_gradients_in_closed_form(problem):
    losses, params, vector, rows, hessian = problem
    found = conjugate_gradients(losses, params, vector, *rows, damping=0.25, batch_size=7)
    wanted = np.linalg.solve(hessian + 0.25 * np.eye(2), VECTOR)
    np.testing.assert_allclose(found["out"]["kernel"], wanted, rtol=1e-3)


def test_lissa_on_full_batches_in_closed_form(problem, key):
    """Full batches make it deterministic; its fixed point is (H + damping·scale)⁻¹ v."""
    losses, params, vector, rows, hessian = problem
    options = {"num_repeats": 2, "depth": 200, "scale": 10.0, "damping": 0.02}
    found = lissa(losses, params, vector, *rows, key=key, **options)
    wanted = np.linalg.solve(hessian + 0.2 * np.eye(2), VECTOR)
    np.testing.assert_allclose(found["out"]["kernel"], wanted, rtol=1e-3)


def test_minibatches_agree_on_average(problem, key):
    losses, params, vector, rows, hessian = problem
    found = lissa(losses, params, vector, *rows, key=key, batch_size=10, num_repeats=20)
    wanted = np.linalg.solve(hessian + 0.25 * np.eye(2), VECTOR)
    np.testing.assert_allclose(found["out"]["kernel"], wanted, rtol=0.1)


def test_batches_hold_every_row_once(problem):
    *_, (inputs, targets), _ = problem
    parts = list(batches(inputs, targets, 7))
    assert [len(x) for x, _ in parts] == [7, 7, 7, 7, 2]
    np.testing.assert_array_equal(np.concatenate([x for x, _ in parts]), inputs)
    np.testing.assert_array_equal(np.concatenate([y for _, y in parts]), targets)
