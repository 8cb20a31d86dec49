"""Answers under resamples of the validation set, against utilities on the rows drawn."""

from dataclasses import replace

import jax
import numpy as np
import pytest

from davinz_jax.semivalues import Sampling, banzhaf, leave_one_out, shapley, standalone
from davinz_jax.utility import ComplexityUtility, KernelRegressionUtility
from davinz_jax.utility.resampling import Resamples, check_resamples, draw_resamples
from tests.utility.cases import RIDGE, random_kernel, random_parties, row_parties

CLASSES = np.array([0, 1, 2, 2, 1, 0, 1])
DRAWS = draw_resamples(7, 4, key=jax.random.key(3))
KERNEL = random_kernel(1, num_rows=16, num_validation_rows=7)
PARTIES = random_parties(16, 5)


def regression(rows=None, *, parties=PARTIES, metric="mse", **choices):
    """Regression judged on the validation rows given, with resamples where there are none."""
    kernel, targets, resamples = KERNEL, CLASSES, DRAWS
    if rows is not None:
        of_validation = ("validation_kernel", "validation_outputs")
        taken = {name: getattr(kernel, name)[:, rows] for name in of_validation}
        kernel, targets, resamples = replace(kernel, **taken), CLASSES[rows], None
    return KernelRegressionUtility(
        kernel, parties, targets, ridge=RIDGE, metric=metric, resamples=resamples, **choices
    )


def negative_error(outputs, targets):
    """A metric of the user's, of which nothing is known."""
    return -np.abs(outputs[..., 0] - targets).max(1)


def test_draws_have_as_many_rows_and_depend_on_the_key():
    assert (DRAWS.weights.sum(1) == 7).all()
    assert [
        np.bincount(rows, minlength=7).tolist() for rows in DRAWS.rows
    ] == DRAWS.weights.tolist()
    assert (draw_resamples(7, 4, key=jax.random.key(4)).weights != DRAWS.weights).any()
    assert draw_resamples(1, 4, key=jax.random.key(3)) is None
    assert draw_resamples(7, 0, key=jax.random.key(3)) is None


def test_what_they_stand_for_by_hand():
    """B = 100 draws of m = 51 rows: degrees 1/(1/100 + 1/50); a floor of two whole steps."""
    found = Resamples(np.ones((100, 51))).resampling(step=0.5)
    assert found.degrees == pytest.approx(100 / 3)
    assert found.inflation == pytest.approx(51 / 50)
    assert found.floor == pytest.approx(2 * 0.25 / 51**2)


@pytest.mark.parametrize("metric", ["mse", "soft_accuracy", negative_error])
@pytest.mark.parametrize("is_ensemble", [False, True])
def test_each_answer_is_that_on_the_rows_drawn(metric, is_ensemble):
    resampled = regression(metric=metric, is_ensemble=is_ensemble).with_resamples()
    num = resampled.num_initialisations
    order = np.array([2, 0, 3, 4, 1])
    for draw, rows in enumerate(DRAWS.rows):
        slow = regression(rows, metric=metric, is_ensemble=is_ensemble)
        for answer in ("power_set", "leave_one_out"):
            found = getattr(resampled, answer)()[:, num + draw]
            np.testing.assert_allclose(found, getattr(slow, answer)().mean(1), rtol=1e-9)
        found = resampled.prefixes(order)[:, num + draw]
        np.testing.assert_allclose(found, slow.prefixes(order).mean(1), rtol=1e-9)
    np.testing.assert_array_equal(
        resampled.power_set()[:, :num],
        regression(metric=metric, is_ensemble=is_ensemble).power_set(),
    )


def test_metrics_share_their_answers_under_resamples(monkeypatch):
    several = regression(metric=["mse", "accuracy"])
    calls = []
    finish = KernelRegressionUtility._finish
    monkeypatch.setattr(
        KernelRegressionUtility, "_finish", lambda *a: calls.append(1) or finish(*a)
    )
    each = {name: leave_one_out(one) for name, one in several.by_metric.items()}
    assert len(calls) == 2 * 5  # of everybody, and of all but each one, in five initialisations
    for name, valuation in each.items():
        alone = leave_one_out(regression(metric=name))
        np.testing.assert_allclose(valuation.stderr_validation, alone.stderr_validation)


def test_a_sum_adds_what_knows_the_rows_and_what_does_not():
    complexity = ComplexityUtility(KERNEL, PARTIES, ridge=RIDGE)
    total = (2 * regression() - 0.5 * complexity).with_resamples()
    expected = 2 * regression().with_resamples().grand()[0, 5:] - 0.5 * complexity.grand().mean()
    np.testing.assert_allclose(total.grand()[:, 5:].sum(0), expected)
    assert complexity.with_resamples() is complexity


def test_sums_want_as_many_resamples_in_each():
    other = KernelRegressionUtility(
        KERNEL, PARTIES, CLASSES, ridge=RIDGE, resamples=Resamples(DRAWS.weights[:2])
    )
    with pytest.raises(ValueError, match=r"as many resamples .* got \[2, 4\]"):
        (other + regression()).with_resamples()


@pytest.mark.parametrize(
    "value",
    [
        leave_one_out,
        standalone,
        shapley,
        banzhaf,
        lambda u: shapley(u, sampling=Sampling("antithetic", 8), key=jax.random.key(0)),
        lambda u: banzhaf(u, sampling=Sampling("sample_reuse", 40), key=jax.random.key(0)),
    ],
)
def test_values_carry_the_error_of_the_draw(value):
    """Deviations are values on the rows drawn less the values, times sqrt(7/6)."""
    found = value(regression())
    for away, rows in zip(found.resampled.deviations, DRAWS.rows, strict=True):
        slow = value(regression(rows)).values - found.values
        np.testing.assert_allclose(away, slow * np.sqrt(7 / 6), rtol=1e-9, atol=1e-12)
    error = np.sqrt(np.square(found.resampled.deviations).mean(0))
    np.testing.assert_allclose(found.stderr_validation, error)


def test_sampling_that_was_interrupted_has_the_same_error(tmp_path, key):
    path, parties = tmp_path / "state", row_parties(16)
    whole = shapley(regression(parties=parties), sampling=Sampling(num_samples=12), key=key)
    for num in (4, 12):
        resumed = shapley(
            regression(parties=parties),
            sampling=Sampling(num_samples=num),
            key=key,
            checkpoint=path,
        )
    np.testing.assert_array_equal(resumed.resampled.deviations, whole.resampled.deviations)


def test_draws_of_other_rows_are_refused():
    with pytest.raises(ValueError, match="wanted draws of 6 validation rows, got draws of 7"):
        check_resamples(DRAWS, 6)


@pytest.mark.parametrize("metric", ["accuracy", "mse"])
def test_intervals_cover_the_value_on_the_pool(metric):
    """Sixty validation sets of 50 rows from a pool of 1,500: values on the pool are the truth."""
    rng, parties = np.random.default_rng(0), random_parties(24, 4)
    inputs, pool = rng.normal(size=(24, 2)), rng.normal(size=(1500, 2))
    targets = (inputs[:, 0] + rng.normal(size=24) > 0).astype(int)
    classes = (pool[:, 0] + rng.normal(size=1500) > 0).astype(int)
    kernel = replace(
        random_kernel(1, num_rows=24, num_outputs=2),
        blocks=_rbf(inputs, inputs)[None, None],
        residual=np.eye(2)[targets][None],
    )
    across = _rbf(pool, inputs)

    def values(rows, resamples=None):
        own = {
            "validation_kernel": across[rows][None],
            "validation_outputs": np.zeros((1, len(rows), 2)),
        }
        utility = KernelRegressionUtility(
            replace(kernel, **own),
            parties,
            classes[rows],
            ridge=0.1,
            metric=metric,
            resamples=resamples,
        )
        return shapley(utility)

    truth, inside = values(np.arange(1500)).values, []
    for draw in range(60):
        resamples = draw_resamples(50, 50, key=jax.random.key(draw))
        found = values(rng.choice(1500, 50, replace=False), resamples).intervals()
        inside.append((found[:, 0] <= truth) & (truth <= found[:, 1]))
    assert np.mean(inside) > 0.92
    assert np.mean(inside) < 1


def _rbf(x, y):
    return np.exp(-np.square(x[:, None] - y[None]).sum(-1) / 2)
