"""Scores against slow twins: refits without a row, kernels by a pass, terms by hand."""

from dataclasses import replace

import numpy as np
import pytest

from experiments.studies.fidelity import kernels, regression, scores, terms
from experiments.studies.fidelity.regression import Regression
from experiments.studies.fidelity.views import Pairs, Views

RNG = np.random.default_rng(0)
ROWS = RNG.standard_normal((12, 20))
OTHERS = RNG.standard_normal((4, 20))
LABELS = np.arange(12) % 3
ONE_HOT = np.eye(3)[LABELS]
START, START_VALIDATION = 0.1 * RNG.standard_normal((12, 3)), 0.1 * RNG.standard_normal((4, 3))


def make_regression() -> Regression:
    return Regression(ROWS @ ROWS.T, OTHERS @ ROWS.T, START, START_VALIDATION)


def predict(regression, kept, rows, ridge):
    """Plain kernel ridge regression on kept rows, predicted for (kernel, start) of other rows."""
    kernel = regression.within[np.ix_(kept, kept)] + ridge * np.eye(len(kept))
    weights = np.linalg.solve(kernel, (ONE_HOT - regression.start)[kept])
    return rows[1] + rows[0][:, kept] @ weights


def test_predictions_are_those_of_plain_solves():
    made = make_regression()
    fits = regression.fit(made, ONE_HOT, np.arange(12))
    for place, ridge in enumerate(made.relative * made.scale):
        plain = predict(made, np.arange(12), (made.across, made.start_validation), ridge)
        assert np.allclose(fits.validation[place], plain, atol=1e-3), place


def test_left_out_predictions_are_those_of_refits():
    made = make_regression()
    fits = regression.fit(made, ONE_HOT, np.arange(12))
    place = 2
    ridge = (made.relative * made.scale)[place]
    for row in range(12):
        kept = np.delete(np.arange(12), row)
        plain = predict(made, kept, (made.within[row : row + 1], made.start[row : row + 1]), ridge)
        assert np.allclose(fits.left_out[place][row], plain[0], atol=1e-4)


def test_copies_are_left_out_together():
    """Rows 0 and 1 are one row twice, of different labels: neither may tell the other's."""
    rows = ROWS.copy()
    rows[1] = rows[0]
    made = replace(make_regression(), within=rows @ rows.T, across=OTHERS @ rows.T)
    copies = np.unique(rows, axis=0, return_inverse=True)[1].ravel()
    fits = regression.fit(made, ONE_HOT, copies)
    place, kept = 2, np.arange(2, 12)
    ridge = (made.relative * made.scale)[place]
    plain = predict(made, kept, (made.within[:2], made.start[:2]), ridge)
    assert np.allclose(fits.left_copies_out[place][:2], plain, atol=1e-4)


def test_metrics_of_perfect_predictions():
    perfect = np.repeat(np.eye(3)[None], 4, axis=0)
    fits = regression.Fits(perfect, perfect, perfect)
    targets = np.arange(3)
    found = {
        metric: regression.measure(fits, 0, metric, targets, targets)
        for metric in ("accuracy", "mse", "soft_accuracy", "cross_entropy")
    }
    assert found == pytest.approx(
        {"accuracy": 1, "mse": 0, "soft_accuracy": 1, "cross_entropy": 0}, abs=1e-4
    )
    assert regression.confidence(fits, 0, targets) == pytest.approx(1)
    assert regression.own_accuracy(perfect[0], targets) == 1


def test_an_ensemble_of_one_is_that_one():
    fits = regression.fit(make_regression(), ONE_HOT, np.arange(12))
    assert np.array_equal(regression.average([fits, fits]).validation, fits.validation)


def test_complexity_by_hand():
    """K = 3I and λ = 1: rᵀr / 4 over n = 2, r = (2, 2): sqrt(8 / 4 / 2) = 1."""
    assert terms.complexity(3 * np.eye(2), np.array([[2.0], [2.0]]), 1.0) == pytest.approx(1)


def test_mmd_by_hand():
    """Two rows against one, all kernels 1 but ½ across: 1 + 1 − 1 = 1."""
    assert terms.mmd(Pairs(np.ones((2, 2)), np.full((1, 2), 0.5), np.ones((1, 1)))) == 1
    assert terms.mmd(Pairs(np.ones((2, 2)), np.ones((2, 2)), np.ones((2, 2)))) == 0


def test_weighted_sums_give_both_terms_equal_mean():
    names = {name for pair in terms.NU.values() for name in pair}
    costs = {name: RNG.random(6) + 0.5 for name in names}
    found = terms.weighted_sums(costs)["nu_label"]
    assert found.mean() == pytest.approx(-2 * costs["mmd"].mean())


def test_relabelled_sets_have_the_kernel_of_a_pass(draw):
    """Sets of base rows are coalitions of one kernel; the same by a pass over each set's rows."""
    relabelled = next(s for s in draw.sets if not s.is_changed.any() and s.recipe.kind != "clean")
    one = replace(draw, sets=(relabelled,))
    shared = kernels.compute_kernels(one, 0)
    marked = replace(relabelled, is_changed=np.ones(len(relabelled.rows), bool))
    passed = kernels.compute_kernels(replace(draw, sets=(marked,)), 0)
    for name in ("within", "across", "start"):
        one, other = getattr(shared, name), getattr(passed, name)
        assert np.allclose(one, other, rtol=1e-4, atol=1e-4 * np.abs(other).max()), name


def test_every_score_of_every_set_is_a_number(draw, tmp_path):
    few = replace(draw, sets=draw.sets[:4])
    frame = scores.score_sets(few, Views(few, tmp_path), lambda done, total: None)
    assert list(frame.columns) == ["set", "kind", "steps", *scores.SCORES]
    assert np.isfinite(frame[list(scores.SCORES)].to_numpy()).all()
    assert frame["log_size"].nunique() == 1
    kept = list(tmp_path.rglob("*.npz"))
    assert len(kept) == few.spec.num_initialisations
