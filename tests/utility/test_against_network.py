"""Utilities from one kernel equal the equations, from the network to the value.

Eight players, five initialisations, dense and in blocks, all in float64.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from davinz_jax import equations
from davinz_jax.data import Dataset, Parties, Validation
from davinz_jax.models import MLP, apply_function, initialise
from davinz_jax.ntk import block_rows, tangent_kernel
from davinz_jax.semivalues.exact import semivalue_of_table
from davinz_jax.semivalues.size_weights import shapley_weights
from davinz_jax.utility import (
    ComplexityUtility,
    DiscrepancyUtility,
    KernelRegressionUtility,
    all_coalitions,
    davinz_score,
)

RIDGE, SIGMA, PLAYERS, INITIALISATIONS, CLASSES = 1e-3, 2.0, 8, 5, 3
KAPPA = 0.7
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


def own_logit(variables, rows):
    inputs, classes = rows
    return jnp.take_along_axis(apply_function(MODEL)(variables, inputs), classes[:, None], axis=1)


def whole_kernels(draw, data, blocks):
    """The equation's kernels of all rows, zero between blocks: own logit, all logits, cross."""
    rows, validation = data.inputs, data.validation.inputs
    within = np.zeros((len(rows), len(rows)))
    for block in blocks:
        within[np.ix_(block, block)] = 1
    own, all_logits = (rows, data.targets), apply_function(MODEL)
    label = equations.tangent_kernel(own_logit, draw, own, own)
    trace = equations.tangent_kernel(all_logits, draw, rows, rows)
    cross = equations.tangent_kernel(all_logits, draw, validation, rows)
    return label * within, trace * within, cross


def slow_scores(draw, data, members, blocks):
    """The equation's ν of coalitions of rows (c, n), from a kernel of the network."""
    label, _, _ = whole_kernels(draw, data, blocks)
    residual = 1 - own_logit(draw, (data.inputs, data.targets))
    cost = partial(equations.complexity, label, residual, ridge=RIDGE)
    distance = partial(equations.mmd_squared, data.inputs, data.validation.inputs, bandwidth=SIGMA)
    return jax.vmap(lambda w: equations.nu(cost(w), jnp.sqrt(distance(w)), kappa=KAPPA))(members)


def slow_performances(draw, data, members, blocks):
    """−MSE of the equation's regressions of a coalition's blocks, averaged by their rows."""
    _, trace, cross = whole_kernels(draw, data, blocks)
    logits, start = (apply_function(MODEL)(draw, x) for x in (data.inputs, data.validation.inputs))
    residual = jnp.eye(CLASSES)[data.targets] - logits
    of_rows = partial(equations.kernel_regression, trace, cross, residual, start, ridge=RIDGE)
    within = [np.isin(np.arange(len(data.inputs)), block) for block in blocks]

    def performance(weights):
        shares = [(weights * inside).sum() / weights.sum() for inside in within]
        parts = [
            share * of_rows(weights * inside) for share, inside in zip(shares, within, strict=True)
        ]
        return -jnp.mean((sum(parts) - jnp.eye(CLASSES)[data.validation.targets]) ** 2)

    return jax.vmap(performance)(members)


def by_equation(function, data, parties, draws, blocks):
    """Of all coalitions but the empty one, once an initialisation."""
    members = all_coalitions(PLAYERS)[1:, parties.indices].astype(np.float64)
    with jax.enable_x64(True):
        compiled = jax.jit(lambda draw: function(draw, data, members, blocks))
        return np.stack([compiled(draw) for draw in draws])


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
    utility = davinz_score(
        ComplexityUtility(kernel, parties, ridge=RIDGE),
        DiscrepancyUtility(data.inputs, data.validation.inputs, parties, bandwidth=SIGMA),
        kappa=KAPPA,
    )
    check(utility, by_equation(slow_scores, data, parties, draws, blocks))


@pytest.mark.parametrize("num_blocks", [1, 3])
def test_kernel_regression(data, parties, draws, num_blocks):
    kernel, blocks = kernel_of(data, draws, num_blocks, output="trace", with_validation=True)
    utility = KernelRegressionUtility(
        kernel, parties, data.validation.targets, ridge=RIDGE, metric="mse"
    )
    check(utility, by_equation(slow_performances, data, parties, draws, blocks))


def check(utility, wanted):
    """Power set, coalitions, leave-one-out, prefixes and Shapley values against the equations."""
    table = np.concatenate([utility.power_set().sum(0)[:, :1], wanted], axis=1)
    close = {"rtol": 1e-8, "atol": 1e-12}
    np.testing.assert_allclose(utility.power_set().sum(0), table, **close)
    members = all_coalitions(PLAYERS)[1:]
    np.testing.assert_allclose(utility.coalitions(members).sum(0), wanted, **close)
    order = np.random.default_rng(2).permutation(PLAYERS)
    path = np.concatenate([[0], np.cumsum(2**order)])
    np.testing.assert_allclose(utility.prefixes(order).sum(0), table[:, path], **close)
    with jax.enable_x64(True):
        without, shares = (jax.vmap(f)(table) for f in (equations.leave_one_out, equations.shapley))
    marginal = {"rtol": 1e-8, "atol": 1e-8 * np.abs(wanted).max()}
    np.testing.assert_allclose(utility.leave_one_out().sum(0), without, **marginal)
    exact = semivalue_of_table(utility.power_set(), shapley_weights(PLAYERS)).sum(0)
    np.testing.assert_allclose(exact, shares, **marginal)


def test_blocks_are_those_drawn(data, draws):
    kernel, _ = kernel_of(data, draws, 3, output="label")
    drawn = block_rows(24, num_blocks=3, shuffle=True, key=jax.random.key(3))
    np.testing.assert_array_equal(kernel.rows, drawn)
