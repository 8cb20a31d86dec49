"""The equations: by hand, against twins in NumPy that were derived apart, and under transforms."""

import itertools
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from davinz_jax import equations

RIDGE, SIGMA = 0.3, 1.7


@pytest.fixture(autouse=True)
def double():
    """Float64 in every test."""
    with jax.enable_x64(True):
        yield


@pytest.fixture
def problem():
    """Kernel of 6 rows of two outputs, and its extension to 4 validation rows."""
    rng = np.random.default_rng(0)
    factor = rng.normal(size=(10, 12))
    kernel = factor @ factor.T
    return {
        "kernel": kernel[:6, :6],
        "validation_kernel": kernel[6:, :6],
        "residual": rng.normal(size=(6, 2)),
        "validation_outputs": rng.normal(size=(4, 2)),
    }


@pytest.fixture
def samples():
    rng = np.random.default_rng(1)
    return rng.normal(size=(6, 3)), 0.4 + rng.normal(size=(4, 3))


def fit(problem):
    """What complexity wants of a problem."""
    return problem["kernel"], problem["residual"]


def two_layers(parameters, inputs):
    """f(x) = tanh(x A) B of parameters (A, B)."""
    first, second = parameters
    return jnp.tanh(inputs @ first) @ second


@pytest.fixture
def network():
    rng = np.random.default_rng(2)
    parameters = rng.normal(size=(3, 5)), rng.normal(size=(5, 2))
    return parameters, rng.normal(size=(4, 3)), rng.normal(size=(2, 3))


def test_tangent_kernel_of_a_linear_function_by_hand():
    """f(x) = x·θ has the slope x: Θ = X X' for any θ; of x·θ + b, XX' + 1."""
    x = np.array([[1.0, 2.0], [0.0, 3.0]])
    found = equations.tangent_kernel(lambda w, x: x @ w, np.ones((2, 1)), x, x[:1])
    np.testing.assert_allclose(found, [[5.0], [6.0]])
    both = {"w": np.ones((2, 1)), "b": np.zeros(1)}
    found = equations.tangent_kernel(lambda p, x: x @ p["w"] + p["b"][None], both, x, x)
    np.testing.assert_allclose(found, x @ x.T + 1)


def test_tangent_kernel_equals_backpropagation_by_hand(network):
    """∂f_c/∂B_hc' = δ_cc' tanh(xA)_h and ∂f_c/∂A_dh = x_d (1 − tanh²)_h B_hc."""
    (first, second), left, right = network

    def parts(x):
        hidden = np.tanh(x @ first)
        return hidden, (1 - hidden**2)[:, :, None] * second

    (h, b), (h_, b_) = parts(left), parts(right)
    wanted = h @ h_.T + (left @ right.T) * np.einsum("ahc,bhc->ab", b, b_) / 2
    found = equations.tangent_kernel(two_layers, (first, second), left, right)
    np.testing.assert_allclose(found, wanted, rtol=1e-12)


def test_complexity_of_two_rows_by_hand():
    """K = [[2, 1], [1, 2]], λ = 1, r = (1, 2): (K + I)⁻¹ r = (1, 5)/8, q = 11/8, n = 2."""
    found = equations.complexity(np.array([[2.0, 1], [1, 2]]), np.array([[1.0], [2.0]]), ridge=1.0)
    assert found == pytest.approx(np.sqrt(11 / 16), rel=1e-14)


def test_complexity_equals_the_spectrum(problem):
    """With eigenpairs (μ, v) of K, q = Σ_j ‖v_jᵀ r‖² / (μ_j + λ); no system solved."""
    values, vectors = np.linalg.eigh(problem["kernel"])
    form = ((vectors.T @ problem["residual"]) ** 2 / (values + RIDGE)[:, None]).sum()
    found = equations.complexity(*fit(problem), ridge=RIDGE)
    assert found == pytest.approx(np.sqrt(form / 6), rel=1e-12)


def test_regression_equals_augmented_least_squares(problem):
    """In features F with K = FFᵀ, ridge regression minimises ‖F w − r‖² + λ‖w‖²."""
    values, vectors = np.linalg.eigh(problem["kernel"])
    features = vectors * np.sqrt(values)
    augmented = np.concatenate([features, np.sqrt(RIDGE) * np.eye(6)])
    target = np.concatenate([problem["residual"], np.zeros((6, 2))])
    w = np.linalg.lstsq(augmented, target, rcond=None)[0]
    validation_features = problem["validation_kernel"] @ vectors / np.sqrt(values)
    wanted = problem["validation_outputs"] + validation_features @ w
    found = equations.kernel_regression(**problem, ridge=RIDGE)
    np.testing.assert_allclose(found, wanted, rtol=1e-9)


def test_regression_without_ridge_interpolates(problem):
    """At λ = 0 the prediction on a training row is its target."""
    inside = problem | {"validation_kernel": problem["kernel"][2:3]}
    inside["validation_outputs"] = problem["validation_outputs"][:1]
    found = equations.kernel_regression(**inside, ridge=0.0) - inside["validation_outputs"]
    np.testing.assert_allclose(found[0], problem["residual"][2], rtol=1e-9)


def test_weights_are_rows_written_out(problem, samples):
    """Weights 2, 0, 1, 3, 1, 0: as with that many copies of each row."""
    weights = np.array([2.0, 0, 1, 3, 1, 0])
    drawn = np.repeat(np.arange(6), weights.astype(int))
    kernel, residual = fit(problem)
    found = equations.complexity(kernel, residual, weights, ridge=RIDGE)
    wanted = float(equations.complexity(kernel[np.ix_(drawn, drawn)], residual[drawn], ridge=RIDGE))
    assert found == pytest.approx(wanted, rel=1e-10)
    written_out = problem | {
        "kernel": kernel[np.ix_(drawn, drawn)],
        "residual": residual[drawn],
        "validation_kernel": problem["validation_kernel"][:, drawn],
    }
    np.testing.assert_allclose(
        equations.kernel_regression(**problem, weights=weights, ridge=RIDGE),
        equations.kernel_regression(**written_out, ridge=RIDGE),
        rtol=1e-10,
    )
    x, y = samples
    found = equations.mmd_squared(x, y, weights, bandwidth=SIGMA)
    wanted = float(equations.mmd_squared(x[drawn], y, bandwidth=SIGMA))
    assert found == pytest.approx(wanted, rel=1e-10)


def test_nobody_costs_nothing_and_has_the_embedding_zero(problem, samples):
    nobody = np.zeros(6)
    assert equations.complexity(*fit(problem), nobody, ridge=RIDGE) == 0
    x, y = samples
    wanted = float(equations.rbf_kernel(y, y, bandwidth=SIGMA).mean())
    assert equations.mmd_squared(x, y, nobody, bandwidth=SIGMA) == pytest.approx(wanted)


def test_mmd_of_points_on_a_line_by_hand():
    """Points 0 vs {0, 1}, σ = 1, e = e^{-1/2}: 1 + (2 + 2e)/4 − (1 + e) = (1 − e)/2.

    Unbiased, {0, 1} vs {0, 1}: e + e − (1 + e) = e − 1.
    """
    x, y, e = np.array([[0.0]]), np.array([[0.0], [1.0]]), np.exp(-0.5)
    assert equations.mmd_squared(x, y, bandwidth=1) == pytest.approx((1 - e) / 2, rel=1e-14)
    assert equations.unbiased_mmd_squared(y, y, bandwidth=1) == pytest.approx(e - 1, rel=1e-14)


@pytest.mark.parametrize("is_biased", [True, False])
def test_mmd_equals_sums_over_pairs(samples, is_biased):
    """Σ over all pairs, or over all pairs of two different rows, one by one."""
    x, y = samples

    def mean(a, b):
        same = a is b and not is_biased
        pairs = itertools.permutations(a, 2) if same else itertools.product(a, b)
        values = [np.exp(-(np.linalg.norm(p - q) ** 2) / (2 * SIGMA**2)) for p, q in pairs]
        return np.mean(values)

    function = equations.mmd_squared if is_biased else equations.unbiased_mmd_squared
    wanted = mean(x, x) + mean(y, y) - 2 * mean(x, y)
    assert function(x, y, bandwidth=SIGMA) == pytest.approx(wanted, rel=1e-11)


def test_kappa_and_nu_by_hand():
    """Costs (1, 3) and (4, 4), distances (2, 4) twice: (3/2 + 3/4) / 2; ν = −2·3 − 4."""
    costs, distances = np.array([[1.0, 3], [4, 4]]), np.array([[2.0, 4], [2, 4]])
    assert equations.kappa(costs, distances) == pytest.approx(9 / 8)
    assert equations.nu(jnp.array(3.0), jnp.array(4.0), kappa=2.0) == -10


def test_values_of_a_glove_game_by_hand():
    """One left, two right gloves: pairs; the left glove is worth 2/3, the others 1/6."""
    members = (np.arange(8)[:, None] >> np.arange(3)) % 2
    worths = np.minimum(members[:, 0], members[:, 1:].sum(1)).astype(float)
    np.testing.assert_allclose(equations.shapley(worths), [2 / 3, 1 / 6, 1 / 6])
    np.testing.assert_array_equal(equations.leave_one_out(worths), [1, 0, 0])


def test_shapley_is_the_mean_marginal_over_all_orders():
    worths = np.random.default_rng(3).normal(size=32)
    total = np.zeros(5)
    for order in itertools.permutations(range(5)):
        path = np.concatenate([[0], np.cumsum([1 << j for j in order])])
        total[list(order)] += np.diff(worths[path])
    np.testing.assert_allclose(equations.shapley(worths), total / 120, rtol=1e-12)


def test_leave_one_out_player_by_player():
    worths = np.random.default_rng(3).normal(size=8)
    wanted = [worths[0b111] - worths[0b110], worths[0b111] - worths[0b101]]
    np.testing.assert_array_equal(equations.leave_one_out(worths)[:2], wanted)


def test_worths_of_no_number_of_players_are_refused():
    with pytest.raises(ValueError, match="worths: wanted 2\\^p numbers, got 6"):
        equations.shapley(np.zeros(6))


def calls(problem, samples, network):
    """Each equation as a function of one float array."""
    parameters, left, right = network
    x, y = samples
    second = parameters[1]
    kernel, residual = fit(problem)
    outputs = problem | {"residual": None}
    costs = 1 + np.random.default_rng(4).random((2, 3))
    return {
        "tangent_kernel": (
            lambda first: equations.tangent_kernel(two_layers, (first, second), left, right),
            parameters[0],
        ),
        "complexity": (partial(equations.complexity, kernel, ridge=RIDGE), residual),
        "mmd_squared": (lambda x: equations.mmd_squared(x, y, bandwidth=SIGMA), x),
        "unbiased": (lambda x: equations.unbiased_mmd_squared(x, y, bandwidth=SIGMA), x),
        "kappa": (lambda costs: equations.kappa(costs, costs + 1), costs),
        "nu": (lambda costs: equations.nu(costs, costs, kappa=2.0), costs),
        "kernel_regression": (
            lambda r: equations.kernel_regression(**(outputs | {"residual": r}), ridge=RIDGE),
            residual,
        ),
        "leave_one_out": (equations.leave_one_out, np.arange(8.0) ** 2),
        "shapley": (equations.shapley, np.arange(8.0) ** 2),
    }


NAMES = ["tangent_kernel", "complexity", "mmd_squared", "unbiased", "kappa", "nu",
         "kernel_regression", "leave_one_out", "shapley"]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_same_under_transforms(name, problem, samples, network):
    """With and without jit, under vmap; and the gradient is that of finite differences."""
    function, at = calls(problem, samples, network)[name]
    several = np.stack([at, at + 0.1, at * 2])
    one_by_one = [function(each) for each in several]
    np.testing.assert_allclose(jax.jit(function)(at), one_by_one[0], rtol=1e-10)
    np.testing.assert_allclose(jax.vmap(function)(several), np.stack(one_by_one), rtol=1e-10)
    check_grads(function, (jnp.asarray(at),), order=1, modes=["fwd", "rev"], rtol=1e-5, atol=1e-7)


def test_values_as_a_function_of_the_ridge(problem):
    """Shapley values of the complexities of all coalitions, in one expression, by its gradient."""
    members = ((np.arange(64)[:, None] >> np.arange(6)) % 2).astype(float)

    @jax.jit
    def values(ridge):
        one = partial(equations.complexity, *fit(problem), ridge=ridge)
        worths = jnp.concatenate([jnp.zeros(1), jax.vmap(one)(members[1:])])
        return equations.shapley(worths)

    step = 1e-5
    slope = (values(RIDGE + step) - values(RIDGE - step)) / (2 * step)
    np.testing.assert_allclose(jax.jacfwd(values)(RIDGE), slope, rtol=1e-6)
