"""The rounding of a kernel as a source of error: covered, small, warned of, refused."""

import warnings
from dataclasses import dataclass, replace
from functools import partial

import jax
import numpy as np
import pytest

from davinz_jax.data.dataset import Dataset, Parties, Validation
from davinz_jax.models import MLP, apply_function, initialise
from davinz_jax.ntk import TangentKernel, tangent_kernel
from davinz_jax.semivalues import (
    RoundingError,
    RoundingWarning,
    Valuation,
    add_rounding,
    leave_one_out,
    shapley,
)
from davinz_jax.utility import ComplexityUtility, FunctionUtility, KernelRegressionUtility

NUM_ROWS = 180
ROWS = Parties(np.arange(NUM_ROWS), tuple(map(str, range(NUM_ROWS))))
PARTIES = Parties(np.arange(NUM_ROWS) % 4, tuple("abcd"))
MODULE = MLP((64, 64), num_outputs=3)


def near_duplicates(seed):
    """60 rows and two copies of each, jittered by 3e-3 and all times 3; a tenth of labels wrong."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(60, 4))
    copies = [rows, *(rows + 3e-3 * rng.normal(size=rows.shape) for _ in range(2))]
    targets = np.tile((rows @ rng.normal(size=(4, 3))).argmax(1), 3)
    wrong = rng.random(NUM_ROWS) < 0.1
    targets[wrong] = rng.integers(0, 3, wrong.sum())
    inputs = (3 * np.concatenate(copies)).astype(np.float32)
    return Dataset(inputs, targets, "classification", 3, Validation(inputs[:5]))


def both_kernels(seed, num_draws=2):
    """The kernel in float32 and in float64, of the same draws."""
    data, apply = near_duplicates(seed), apply_function(MODULE)
    keys = jax.random.split(jax.random.key(seed), num_draws)
    drawn = [initialise(MODULE, each, data.inputs) for each in keys]
    narrow = tangent_kernel(apply, drawn, data, output="trace")
    with jax.enable_x64(True):
        wide = data.map_inputs(lambda rows: rows.astype(np.float64))
        return narrow, tangent_kernel(apply, drawn, wide, output="trace")


def with_rounding(utility, value, seed=0):
    """A valuation with the rounding among its errors, warnings aside."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RoundingWarning)
        return add_rounding(value(utility), utility, value, key=jax.random.key(seed))


def test_the_error_stated_covers_the_error_measured():
    """Intervals of 95 % by the rounding alone hold at least 92 % of 1,840 float64 values."""
    held = []
    for seed in range(10):
        narrow, wide = both_kernels(seed)
        for parties, value in ((ROWS, leave_one_out), (PARTIES, partial(shapley, key=None))):
            found, true = (
                ComplexityUtility(kernel, parties, ridge=1e-4) for kernel in (narrow, wide)
            )
            valuation = with_rounding(found, value, seed)
            apart = np.abs(valuation.values - value(true).values)
            assert apart.max() > 1e-5  # there is something to cover
            quantile = valuation.rounded.spread.quantile(0.95)
            held.append(apart <= quantile * valuation.stderr_rounding)
    rows, parties = np.concatenate(held[::2]), np.concatenate(held[1::2])
    assert rows.mean() >= 0.92
    assert parties.mean() >= 0.85  # forty, those of a set by the same few roundings


# -- small cases, whose rounding is set rather than measured ---------------------------------------


@dataclass
class Case:
    """A kernel of 12 rows in two draws, off by as much as it is said to be."""

    rounding: float

    @property
    def kernel(self):
        rng = np.random.default_rng(0)
        factor = rng.normal(size=(2, 12, 40))
        whole = factor @ factor.swapaxes(1, 2) / 40
        return TangentKernel(
            blocks=whole[:, None],
            rows=np.arange(12)[None],
            residual=rng.normal(size=(2, 12, 1)),
            output="scalar",
            engine="random",
            parameters="all",
            validation_kernel=whole[:, :3],
            validation_outputs=np.zeros((2, 3, 1)),
            measure_rounding=lambda: self.rounding,
        )

    def utility(self, ridge=1e-2):
        return ComplexityUtility(self.kernel, SIX, ridge=ridge)


SIX = Parties(np.arange(12) % 6, tuple("abcdef"))


@pytest.mark.parametrize(("size", "number"), [(1e-9, 2), (1e-3, 6)])
def test_few_roundings_are_valued_where_they_are_small(size, number):
    utility = Case(size).utility()
    found = with_rounding(utility, leave_one_out)
    assert found.rounded.deviations.shape == (number, 6)
    assert found.rounded.spread.degrees == number


def test_the_error_grows_with_the_rounding_and_is_among_all():
    """Ten times the rounding, with the same draws, is ten times the error to first order."""
    little, much = (with_rounding(Case(size).utility(), leave_one_out) for size in (1e-5, 1e-4))
    few = much.rounded.deviations[: len(little.rounded.deviations)]
    first = replace(much.rounded, deviations=few).spread.variance
    np.testing.assert_allclose(np.sqrt(first), 10 * little.stderr_rounding, rtol=0.05)
    assert (much.stderr > leave_one_out(Case(0.0).utility()).stderr).all()
    assert (much.to_frame()["stderr_rounding"] == much.stderr_rounding).all()


def test_weights_and_terms_without_a_kernel():
    """Minus twice the cost has twice its error; a sum with a game has that of its kernel."""
    utility = Case(1e-4).utility()
    game = FunctionUtility(len, list("abcdef"), receives="indices", sizes=[2] * 6)
    alone = with_rounding(utility, leave_one_out).stderr_rounding
    for made in (-2 * utility, game - 2 * utility):
        found = with_rounding(made, leave_one_out).stderr_rounding
        np.testing.assert_allclose(found, 2 * alone)
    assert (
        add_rounding(leave_one_out(game), game, leave_one_out, key=jax.random.key(0)).rounded
        is None
    )


@pytest.mark.parametrize("is_ensemble", [False, True])
def test_kernel_regression_has_it_too(is_ensemble):
    utility = KernelRegressionUtility(
        Case(1e-4).kernel, SIX, np.zeros(3), ridge=1e-2, metric="mse", is_ensemble=is_ensemble
    )
    assert (with_rounding(utility, leave_one_out).stderr_rounding > 0).all()


def test_warns_of_what_is_not_small_and_refuses_what_exceeds_the_values():
    value = leave_one_out
    middle, large = Case(0.03).utility(), Case(0.1).utility()
    with pytest.warns(RoundingWarning, match=r"of their standard error.*ntk.ridge=1e-01 or more"):
        add_rounding(value(middle), middle, value, key=jax.random.key(0))
    with pytest.raises(RoundingError, match=r"or more \(now 1.0e-02\), or ntk.precision=float64"):
        add_rounding(value(large), large, value, key=jax.random.key(0))
    exact = Case(0.0).utility()
    assert add_rounding(value(exact), exact, value, key=jax.random.key(0)).rounded is None


def test_is_saved_and_summed(tmp_path):
    found = with_rounding(Case(1e-4).utility(), leave_one_out)
    found.save(tmp_path / "valuation.npz")
    loaded = Valuation.load(tmp_path / "valuation.npz")
    np.testing.assert_array_equal(loaded.stderr_rounding, found.stderr_rounding)
    total = found.sum_by_party(Parties(np.array([0, 0, 0, 0, 0, 1]), ("most", "one")))
    by_hand = found.rounded.deviations[:, :5].sum(axis=1)
    np.testing.assert_allclose(
        total.stderr_rounding[0], np.sqrt(np.mean(by_hand**2) / found.num_initialisations)
    )
