"""Utilities from one kernel equal those of kernels recomputed from the network for each coalition.

Eight players, five initialisations, dense and in blocks, all in float64.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from davinz_jax.data import Dataset, Parties, Validation
from davinz_jax.mmd import mmd
from davinz_jax.models import MLP, apply_function, initialise
from davinz_jax.ntk import block_rows, tangent_kernel
from davinz_jax.semivalues.exact import semivalue_of_table
from davinz_jax.semivalues.games import all_coalitions
from davinz_jax.semivalues.size_weights import shapley_weights
from davinz_jax.utility import (
    ComplexityUtility,
    DavinzUtility,
    DiscrepancyUtility,
    KernelRegressionUtility,
)

RIDGE, SIGMA, PLAYERS, INITIALISATIONS, CLASSES = 1e-3, 2.0, 8, 5, 3
MODEL = MLP(widths=(6,), num_outputs=CLASSES)


@pytest.fixture(scope="module")
def data():
    """24 rows of 8 players, 7 validation rows."""
    generator = np.random.default_rng(0)
    return Dataset(
        generator.normal(size=(24, 4)), generator.integers(0, CLASSES, 24), "classification",
        CLASSES, Validation(generator.normal(size=(7, 4)), generator.integers(0, CLASSES, 7)),
    )  # fmt: skip


@pytest.fixture(scope="module")
def parties():
    """Players of one to five rows, mixed among each other."""
    labels = np.random.default_rng(1).permutation(np.repeat(np.arange(8), [1, 2, 3, 4, 5, 4, 3, 2]))
    return Parties(labels, tuple("abcdefgh"))


@pytest.fixture(scope="module")
def draws(data):
    """Five networks in float64."""
    with jax.enable_x64(True):
        keys = jax.random.split(jax.random.key(0), INITIALISATIONS)
        return [initialise(MODEL, key, data.inputs[:1]) for key in keys]


@jax.jit
def jacobian(variables, inputs):
    """∂f/∂weights of every row and logit, (n, k, p), and f."""
    kernels, rebuild = ravel_pytree(variables)
    outputs = lambda flat: apply_function(MODEL)(rebuild(flat), inputs)  # noqa: E731
    return jax.jacrev(outputs)(kernels), outputs(kernels)


def recomputed(draw, inputs):
    with jax.enable_x64(True):
        return (np.asarray(part) for part in jacobian(draw, jnp.asarray(inputs)))


def brute_complexity(draw, data, rows, blocks):
    """sqrt(q/n) of a coalition's rows, its kernel recomputed from the network block by block."""
    total = 0.0
    for block in blocks:
        inside = np.intersect1d(block, rows)
        if len(inside):
            slopes, outputs = recomputed(draw, data.inputs[inside])
            own = np.arange(len(inside)), data.targets[inside]
            slope, residual = slopes[own], 1 - outputs[own]
            kernel = slope @ slope.T + RIDGE * np.eye(len(inside))
            total += residual @ np.linalg.solve(kernel, residual)
    return np.sqrt(total / len(rows))


def brute_regression(draw, data, rows, blocks):
    """−MSE of the regressions of a coalition's blocks, weighted by their rows."""
    slopes_target, start = recomputed(draw, data.validation.inputs)
    shift = np.zeros_like(start)
    for block in blocks:
        inside = np.intersect1d(block, rows)
        if len(inside):
            slopes, outputs = recomputed(draw, data.inputs[inside])
            kernel = np.einsum("akp,bkp->ab", slopes, slopes) / CLASSES
            cross = np.einsum("akp,bkp->ab", slopes_target, slopes) / CLASSES
            residual = np.eye(CLASSES)[data.targets[inside]] - outputs
            solved = np.linalg.solve(kernel + RIDGE * np.eye(len(inside)), residual)
            shift += len(inside) / len(rows) * cross @ solved
    return -np.square(start + shift - np.eye(CLASSES)[data.validation.targets]).mean()


def kernel_of(data, draws, num_blocks, **options):
    key = jax.random.key(3)
    with jax.enable_x64(True):
        kernel = tangent_kernel(
            apply_function(MODEL), draws, data, num_blocks=num_blocks, key=key, **options
        )
    rows = kernel.rows
    return kernel, [block[block >= 0] for block in rows]


@pytest.mark.parametrize("num_blocks", [1, 3])
def test_davinz(data, parties, draws, num_blocks):
    kernel, blocks = kernel_of(data, draws, num_blocks, output="label")
    utility = DavinzUtility(
        ComplexityUtility(kernel, parties, ridge=RIDGE),
        DiscrepancyUtility(data.inputs, data.validation.inputs, parties, bandwidth=SIGMA),
        kappa=0.7,
    )
    members = all_coalitions(PLAYERS)
    held = [np.flatnonzero(coalition[parties.indices]) for coalition in members[1:]]
    distances = [mmd(data.inputs[rows], data.validation.inputs, bandwidth=SIGMA) for rows in held]
    costs = [[brute_complexity(draw, data, rows, blocks) for rows in held] for draw in draws]
    wanted = -0.7 * np.array(costs) - np.array(distances)
    check(utility, wanted, members)


@pytest.mark.parametrize("num_blocks", [1, 3])
def test_kernel_regression(data, parties, draws, num_blocks):
    kernel, blocks = kernel_of(data, draws, num_blocks, output="trace", with_validation=True)
    utility = KernelRegressionUtility(
        kernel, parties, data.validation.targets, ridge=RIDGE, metric="mse"
    )
    members = all_coalitions(PLAYERS)
    held = [np.flatnonzero(coalition[parties.indices]) for coalition in members[1:]]
    wanted = np.array(
        [[brute_regression(draw, data, rows, blocks) for rows in held] for draw in draws]
    )
    check(utility, wanted, members)


def check(utility, wanted, members):
    """Power set, coalitions, leave-one-out and prefixes against the recomputed utilities."""
    table = np.concatenate([utility.power_set().sum(0)[:, :1], wanted], axis=1)
    close = {"rtol": 1e-8, "atol": 1e-12}
    np.testing.assert_allclose(utility.power_set().sum(0), table, **close)
    np.testing.assert_allclose(utility.coalitions(members[1:]).sum(0), wanted, **close)
    everyone = len(table[0]) - 1
    without = table[:, [everyone - 2**player for player in range(PLAYERS)]]
    marginal = {"rtol": 1e-8, "atol": 1e-8 * np.abs(wanted).max()}
    np.testing.assert_allclose(
        utility.leave_one_out().sum(0), table[:, [everyone]] - without, **marginal
    )
    order = np.random.default_rng(2).permutation(PLAYERS)
    path = np.concatenate([[0], np.cumsum(2**order)])
    np.testing.assert_allclose(utility.prefixes(order).sum(0), table[:, path], **close)
    exact = semivalue_of_table(utility.power_set(), shapley_weights(PLAYERS)).sum(0)
    np.testing.assert_allclose(
        exact, semivalue_of_table(table[None], shapley_weights(PLAYERS))[0], **marginal
    )


def test_blocks_are_those_drawn(data, draws):
    kernel, _ = kernel_of(data, draws, 3, output="label")
    drawn = block_rows(24, num_blocks=3, shuffle=True, key=jax.random.key(3))
    np.testing.assert_array_equal(kernel.rows, drawn)
