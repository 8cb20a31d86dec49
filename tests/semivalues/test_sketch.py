"""The sketch of a kernel as a source of error: covered, carried, nothing where all is exact."""

from functools import cache, partial

import jax
import numpy as np
import pytest

from davinz_jax.data.dataset import Dataset, Parties, Validation
from davinz_jax.models import MLP, apply_function, initialise
from davinz_jax.ntk import tangent_kernel
from davinz_jax.semivalues import Valuation, add_sketch_error, leave_one_out, shapley
from davinz_jax.semivalues.intervals import SketchedValues
from davinz_jax.utility import ComplexityUtility, FunctionUtility, KernelRegressionUtility
from davinz_jax.utility.cross_fit import CrossFitUtility, take_validation

NUM_ROWS, SIZE = 48, 8
PARTIES = Parties(np.arange(NUM_ROWS) % 6, tuple("abcdef"))
MODULE = MLP((48, 48), num_outputs=1)


@pytest.fixture(scope="module")
def kernel_of():
    """A function from a sketch's seed, or None, to the kernel of two draws of a network; kept."""
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(NUM_ROWS, 40)).astype(np.float32)
    targets = inputs[:, 0] + 0.3 * rng.normal(size=NUM_ROWS)
    held = Validation(inputs[:9] + 0.5, targets[:9])
    data = Dataset(inputs, targets, "regression", 0, held)
    drawn = [initialise(MODULE, jax.random.key(draw), inputs) for draw in range(2)]

    @cache
    def make(seed):
        sketch = {} if seed is None else {"sketch": SIZE, "key": jax.random.key(seed)}
        settings = {"output": "scalar", "with_validation": True, **sketch}
        return tangent_kernel(apply_function(MODULE), drawn, data, **settings)

    jax.config.update("jax_disable_most_optimizations", True)  # most of the time goes to XLA
    yield make
    jax.config.update("jax_disable_most_optimizations", False)


def complexity(kernel):
    return ComplexityUtility(kernel, PARTIES, ridge=1.0)


def regression(kernel):
    targets = np.arange(9) / 9
    return KernelRegressionUtility(kernel, PARTIES, targets, ridge=1.0, metric="mse")


@pytest.mark.parametrize(
    ("make", "num_seeds"),
    [(complexity, 5), (regression, 5), pytest.param(complexity, 40, marks=pytest.mark.slow)],
)
def test_the_error_stated_covers_the_error_measured(kernel_of, make, num_seeds):
    """Of six values by each of several sketches, 85 % or more lie within intervals by it alone."""
    value = partial(shapley, key=None)
    true, held = value(make(kernel_of(None))).values, []
    for seed in range(num_seeds):
        utility = make(kernel_of(seed))
        found = add_sketch_error(value(utility), utility, value)
        apart = np.abs(found.values - true)
        held.append(apart <= found.sketched.spread.quantile(0.95) * found.stderr_sketch)
        assert apart.max() > 1e-3 * np.abs(true).max()  # there is something to cover
        assert found.stderr_sketch.max() < 3 * np.abs(true).max()
    assert np.mean(held) >= 0.85


def test_sums_and_folds_carry_the_error_of_their_parts(kernel_of):
    """−2 times a cost, plus what rests on no kernel; and a mean over folds, which rests on one."""
    kernel, sizes = kernel_of(0), PARTIES.sizes.tolist()
    cost = complexity(kernel)
    plain = FunctionUtility(len, PARTIES.names, receives="indices", sizes=sizes, empty=0)
    whole = -2.0 * cost + plain
    alone = add_sketch_error(leave_one_out(cost), cost, leave_one_out)
    found = add_sketch_error(leave_one_out(whole), whole, leave_one_out)
    np.testing.assert_allclose(found.stderr_sketch, 2 * alone.stderr_sketch, rtol=1e-6)
    folds = CrossFitUtility([cost, cost], PARTIES, np.arange(NUM_ROWS) // (NUM_ROWS // 2))
    found = add_sketch_error(leave_one_out(folds), folds, leave_one_out)
    np.testing.assert_allclose(found.stderr_sketch, alone.stderr_sketch, rtol=1e-6)
    assert add_sketch_error(leave_one_out(plain), plain, leave_one_out).sketched is None
    assert found.stderr == pytest.approx(np.hypot(found.stderr_initialisation, found.stderr_sketch))


def test_some_validation_rows_keep_their_halves(kernel_of):
    kernel = kernel_of(0)
    few = take_validation(kernel, np.array([2, 0]))
    halves = few.make_halves()
    assert np.abs(halves[0].validation_kernel - halves[1].validation_kernel).max() > 0
    mean = (halves[0].validation_kernel + halves[1].validation_kernel) / 2
    np.testing.assert_allclose(mean, kernel.validation_kernel[:, [2, 0]], rtol=1e-5, atol=1e-5)


def test_exact_kernels_add_nothing(kernel_of):
    utility = complexity(kernel_of(None))
    valuation = leave_one_out(utility)
    assert add_sketch_error(valuation, utility, leave_one_out) is valuation
    assert "stderr_sketch" not in valuation.to_frame()
    assert not valuation.stderr_sketch.any()


def test_it_is_shown_summed_and_saved(kernel_of, tmp_path):
    utility = complexity(kernel_of(0))
    found = add_sketch_error(leave_one_out(utility), utility, leave_one_out)
    np.testing.assert_array_equal(found.to_frame()["stderr_sketch"], found.stderr_sketch)
    found.save(tmp_path / "valuation")
    again = Valuation.load(tmp_path / "valuation")
    np.testing.assert_array_equal(again.sketched.deviations, found.sketched.deviations)
    halves = found.sum_by_party(Parties(np.array([0, 0, 0, 1, 1, 1]), ("x", "y")))
    np.testing.assert_allclose(
        halves.sketched.deviations[..., 0], found.sketched.deviations[..., :3].sum(-1)
    )


def test_variance_by_hand():
    """Two draws with halves ±2 and ±4 about the value, and all 1 higher: (1² + 2²) / 2² … + 1²."""
    deviations = np.array([[[3.0], [5.0]], [[-1.0], [-3.0]]])
    spread = SketchedValues(deviations).spread
    assert spread.variance == pytest.approx((2**2 + 4**2) / 2**2 + 1)
    assert spread.degrees == 2
