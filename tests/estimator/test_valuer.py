"""`DataValuer` by scikit-learn's own checks, and against the calls that it makes."""

import jax
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import estimator_checks_generator

import davinz_jax as dv
from davinz_jax.semivalues import Valuation
from davinz_jax.utility import FunctionUtility

SLOW = {
    "check_dtype_object",
    "check_estimators_dtypes",
    "check_estimators_nan_inf",
    "check_estimators_overwrite_params",
    "check_fit2d_1feature",
    "check_fit_check_is_fitted",
    "check_fit_idempotent",
    "check_n_features_in",
    "check_n_features_in_after_fitting",
    "check_positive_only_tag_during_fit",
}
"""Checks that meet new shapes, for each of which kernels are compiled: seconds each."""


def name_of(check):
    return getattr(check, "func", check).__name__


def checks():
    """scikit-learn's checks of an estimator, none of which is expected to fail."""
    for estimator, check in estimator_checks_generator(dv.DataValuer()):
        marks = [pytest.mark.slow] if name_of(check) in SLOW else []
        yield pytest.param(estimator, check, id=name_of(check), marks=marks)


@pytest.mark.filterwarnings("ignore:keep_", "ignore::davinz_jax.semivalues.RoundingWarning")
@pytest.mark.filterwarnings("ignore:A column-vector y")
@pytest.mark.parametrize(("estimator", "check"), list(checks()))
def test_scikit_learn_finds_no_fault(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def data():
    """Two classes a unit apart; half the labels of party b are wrong; 40 rows, 40 more to judge."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 3))
    y = np.where(X[:, 0] > 0, "ill", "well")
    X[:, 0] += np.sign(X[:, 0])
    groups = np.array([10, 9, 100])[np.arange(40) % 3]
    is_wrong = (groups == 9) & (np.arange(40) % 2 == 0)
    given = np.where(is_wrong, np.where(y[:40] == "ill", "well", "ill"), y[:40])
    return X[:40], given, groups, X[40:], y[40:], is_wrong


@pytest.fixture(scope="module")
def fitted(data):
    return dv.DataValuer(random_state=0).fit(*data[:5])


def test_shapes_and_meanings(fitted, data):
    X, y, groups, *_, is_wrong = data
    assert fitted.players_.tolist() == [9, 10, 100]
    assert fitted.values_.argmin() == 0
    assert fitted.ranks_[0] == 3
    assert fitted.intervals_.shape == (3, 2)
    assert (fitted.intervals_[:, 0] < fitted.values_).all()
    assert (fitted.stderr_ > 0).all()
    assert fitted.classes_.tolist() == ["ill", "well"]
    assert isinstance(fitted.result_, Valuation)
    assert fitted.result_.players == ("9", "10", "100")
    assert fitted.dataset_.parties.sizes.tolist() == [np.sum(groups == g) for g in (9, 10, 100)]
    assert (~fitted.keep_[is_wrong]).mean() > 0.8
    assert fitted.keep_[~is_wrong].mean() > 0.8


def test_it_is_what_the_library_says_in_two_calls(fitted, data):
    """Columns standardised by the rows to be valued, RBF, soft accuracy, exact Shapley values."""
    X, y, groups, X_val, y_val, _ = data
    moved = [((each - X.mean(0)) / X.std(0)).astype(np.float32) for each in (X, X_val)]
    labels = [(each == "well").astype(np.int64) for each in (y, y_val)]
    dataset = dv.Dataset(moved[0], labels[0], "classification", 2,
                         dv.data.Validation(moved[1], labels[1]))  # fmt: skip
    parties = dv.Parties(np.unique(groups, return_inverse=True)[1], ("9", "10", "100"))
    utility = dv.kernel_regression_utility(
        None, dataset, parties, key=jax.random.key(1), metric="soft_accuracy"
    )
    np.testing.assert_allclose(fitted.values_, dv.shapley(utility).values, rtol=1e-6, atol=1e-9)


def test_rows_without_groups_are_players_and_judge_each_other(data):
    X, y, *_, is_wrong = data
    fitted = dv.DataValuer(random_state=0).fit(X, y)
    assert fitted.values_.shape == (40,)
    assert fitted.result_.method == "leave_one_out"
    assert fitted.dataset_.folds is not None
    assert fitted.players_.tolist() == list(range(40))
    assert fitted.values_[is_wrong].mean() < fitted.values_[~is_wrong].mean()


def test_a_seed_repeats_and_a_clone_is_alike(data):
    X, y, groups, *_ = data
    valuer = dv.DataValuer(semivalue="leave_one_out", random_state=3)
    first = valuer.fit(X, y, groups).values_
    again = clone(valuer).fit(X, y, groups).values_
    np.testing.assert_array_equal(first, again)
    states = [np.random.RandomState(1), np.random.RandomState(1)]
    drawn = [valuer.set_params(random_state=state).fit(X, y, groups).values_ for state in states]
    np.testing.assert_array_equal(*drawn)


def test_a_pipeline_passes_groups_on_and_its_scale_does_not_matter(fitted, data):
    X, y, groups, X_val, y_val, _ = data
    pipe = make_pipeline(StandardScaler(), dv.DataValuer(random_state=0))
    values = pipe.fit(X, y, datavaluer__groups=groups)[-1].values_
    alone = dv.DataValuer(random_state=0).fit(100 * X, y, groups).values_
    np.testing.assert_allclose(values, alone, rtol=1e-3, atol=1e-4)


def test_a_frame_with_words_is_encoded(data):
    X, y, groups, *_ = data
    frame = pd.DataFrame(X, columns=["age", "y", "size"])
    frame["ward"] = np.where(np.arange(40) % 2, "A", "B")
    fitted = dv.DataValuer(random_state=0).fit(frame, y, groups)
    assert fitted.dataset_.feature_names == ("age", "y", "size", "ward=A", "ward=B")
    assert fitted.feature_names_in_.tolist() == ["age", "y", "size", "ward"]
    assert fitted.n_features_in_ == 4


def test_functions_of_ones_own(data):
    X, y, groups, *_ = data

    def count(ingredients):
        return FunctionUtility(lambda members: len(members), ingredients.parties.names)

    fitted = dv.DataValuer(count, dv.standalone, random_state=0).fit(X, y, groups)
    np.testing.assert_allclose(fitted.values_, 1)


def test_values_by_validation_row_are_kept_where_asked_for(data):
    X, y, groups, X_val, y_val, _ = data
    valuer = dv.DataValuer(random_state=0, per_validation_row=True)
    valuer.fit(X, y, groups=groups, X_val=X_val, y_val=y_val)
    rows = valuer.result_.by_validation_row
    assert rows.values.shape == (3, 40)
    np.testing.assert_allclose(rows.mean(), valuer.values_, rtol=1e-12, atol=1e-15)
    with pytest.raises(ValueError, match="got 'standalone'; take shapley"):
        clone(valuer).set_params(semivalue="standalone").fit(X, y, groups=groups)


def test_copies_of_a_group_count_once(data):
    X, y, groups, X_val, y_val, _ = data
    rows = np.concatenate([np.arange(40), np.repeat(np.flatnonzero(groups == 9), 2)])
    again = (X[rows], y[rows], groups[rows], X_val, y_val)
    options = {"standardise": False, "random_state": 0}
    once = dv.DataValuer(**options).fit(X, y, groups, X_val, y_val)
    found = dv.DataValuer(**options).fit(*again)
    np.testing.assert_allclose(found.values_, once.values_, rtol=1e-6)
    np.testing.assert_array_equal(found.keep_, once.keep_[rows])
    np.testing.assert_allclose(found.margins_, once.margins_[rows], atol=1e-6)
    each = dv.DataValuer(copies="each", **options).fit(*again)
    assert np.abs(each.values_ - once.values_).max() > 1e-3
    assert len(each.dataset_) == len(rows)


def test_a_known_share_of_rows_is_dropped(data):
    X, y, groups, *_ = data
    fitted = dv.DataValuer(wrong_rate=0.25, random_state=0).fit(X, y, groups)
    assert (~fitted.keep_).sum() == 10
    assert fitted.margins_[~fitted.keep_].max() <= fitted.margins_[fitted.keep_].min()


@pytest.mark.parametrize(
    ("settings", "given", "message"),
    [
        ({"utility": "davins"}, {}, "utility: wanted one of .*did you mean 'davinz'"),
        ({"semivalue": "shap"}, {}, "semivalue: wanted one of .*did you mean 'shapley'"),
        ({"copies": "twice"}, {}, "copies: wanted one of"),
        ({"utility": "davinz"}, {}, "model: wanted a network"),
        ({"level": 2}, {}, r"level: wanted a share in \(0, 1\), got 2"),
        ({"wrong_rate": 0}, {}, "wrong_rate: wanted a share"),
        ({}, {"groups": [1] * 40}, "parties: wanted at least two"),
        ({}, {"groups": [None] + ["a"] * 39}, "groups: wanted whose each row is, got 1 rows"),
        ({}, {"X_val": None}, "X_val: wanted it beside y_val"),
    ],
)
def test_what_does_not_go_together_is_refused(data, settings, given, message):
    X, y, groups, X_val, y_val, _ = data
    rows = {"groups": groups, "X_val": X_val, "y_val": y_val} | given
    with pytest.raises(ValueError, match=message):
        dv.DataValuer(random_state=0, **settings).fit(X, y, **rows)
