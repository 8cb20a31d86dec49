"""Metrics of predictions: by hand, and against scikit-learn's one coalition at a time."""

import numpy as np
import pytest
from scipy.special import softmax
from sklearn import metrics as twins

from davinz_jax.utility.metrics import CLASS_METRICS, default_metric, make_metric
from davinz_jax.utility.resampling import Resamples

RNG = np.random.default_rng(0)
CLASSES = np.array([0, 1, 2, 2, 1, 0, 1, 2, 2])
OUTPUTS = RNG.normal(size=(4, 9, 3)).round(1)


def chances(outputs):
    clipped = np.clip(outputs, 0, 1)
    total = clipped.sum(1, keepdims=True)
    return np.where(total > 0, clipped / np.where(total > 0, total, 1), 1 / 3)


def sharpened(outputs):
    powers = np.clip(outputs, 0, 1) ** 5
    total = powers.sum(1, keepdims=True)
    return np.where(total > 0, powers / np.where(total > 0, total, 1), 1 / 3)


def centred(outputs):
    """Without what all classes of a row and all rows of a class share, end to end."""
    rest = outputs - outputs.mean(1, keepdims=True)
    return (rest - rest.mean(0)).ravel()


def one_against_rest(classes, outputs):
    each = [twins.roc_auc_score(classes == c, outputs[:, c]) for c in range(3)]
    return np.mean(each)


SLOW = {
    "accuracy": lambda y, f: twins.accuracy_score(y, f.argmax(1)),
    "balanced_accuracy": lambda y, f: twins.balanced_accuracy_score(y, f.argmax(1)),
    "auc": one_against_rest,
    "soft_accuracy": lambda y, f: chances(f)[np.arange(9), y].mean(),
    "balanced_soft_accuracy": lambda y, f: np.mean(
        [chances(f)[y == label, label].mean() for label in np.unique(y)]
    ),
    "soft_accuracy_minus_brier": lambda y, f: (
        chances(f)[np.arange(9), y].mean() - 2 * np.square(f - np.eye(3)[y]).sum(1).mean()
    ),
    "sharpened_accuracy": lambda y, f: sharpened(f)[np.arange(9), y].mean(),
    "correlation": lambda y, f: np.corrcoef(centred(f), centred(np.eye(3)[y]))[0, 1],
    "mse": lambda y, f: -twins.mean_squared_error(np.eye(3)[y], f),
    "cross_entropy": lambda y, f: -twins.log_loss(y, softmax(f / 0.5, axis=1)),
}


@pytest.mark.parametrize("name", SLOW)
def test_each_coalition_is_measured_as_if_alone(name):
    metric = make_metric(name, CLASSES, 3, temperature=0.5)
    slow = [SLOW[name](CLASSES, outputs) for outputs in OUTPUTS]
    np.testing.assert_allclose(metric(OUTPUTS, CLASSES), slow, rtol=1e-12)
    assert metric.describe()["metric"] == name


@pytest.mark.parametrize("name", [*CLASS_METRICS, "cross_entropy"])
def test_rows_shares_average_to_the_metric(name):
    metric = make_metric(name, CLASSES, 3)
    if metric.by_row is None:
        assert name in ("auc", "correlation")
        return
    shares = metric.by_row(OUTPUTS, CLASSES)
    assert shares.shape == (4, 9)
    np.testing.assert_allclose(shares.mean(1), metric(OUTPUTS, CLASSES))


@pytest.mark.parametrize(
    "name", ["balanced_accuracy", "balanced_soft_accuracy", "auc", "correlation", "r2"]
)
def test_influence_averages_to_the_metric_and_is_its_derivative(name):
    """Row 2 drawn once more among 900 rows moves the metric as its influence says."""
    outputs, targets = np.tile(OUTPUTS, (1, 100, 1)), np.tile(CLASSES, 100)
    if name == "r2":
        outputs, targets = outputs[..., :1], targets + 0.5
    metric = make_metric(name, targets, outputs.shape[2])
    assert metric.influence is not None
    shares = metric.influence(outputs, targets)
    np.testing.assert_allclose(shares.mean(1), metric(outputs, targets))
    rows = np.append(np.arange(900), 2)
    moved = _whole(name, outputs[:, rows], targets[rows]) - metric(outputs, targets)
    np.testing.assert_allclose(moved * 900, shares[:, 2] - shares.mean(1), atol=2e-2)


def _whole(name, outputs, targets):
    return make_metric(name, targets, outputs.shape[2])(outputs, targets)


def test_measured_under_resamples():
    """Hits 1, 0, 1 counted 3, 0, 0 and 0, 2, 1 times."""
    outputs = np.array([[[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]])
    resamples = Resamples(np.array([[3.0, 0, 0], [0, 2, 1]]))
    metric = make_metric("accuracy", np.array([0, 1, 1]), 2)
    found = metric.measure(outputs, np.array([0, 1, 1]), resamples)
    np.testing.assert_allclose(found, [[2 / 3], [1], [1 / 3]])


@pytest.mark.parametrize("name", [*CLASS_METRICS, "cross_entropy"])
def test_perfect_outputs_are_best(name):
    metric = make_metric(name, CLASSES, 3)
    perfect = np.eye(3)[CLASSES][None]
    assert (metric(perfect, CLASSES) >= metric(OUTPUTS, CLASSES)).all()
    if name not in ("mse", "cross_entropy"):
        assert metric(perfect, CLASSES) == pytest.approx(1)


def test_two_classes_have_one_area():
    """Outputs' differences −1, 3, 1: class 1 at 3 and 1 lies above class 0 at −1, wholly."""
    outputs = np.array([[[1.0, 0.0], [0.0, 3.0], [0.0, 1.0]]])
    assert make_metric("auc", np.array([0, 1, 1]), 2)(outputs, np.array([0, 1, 1])) == [1.0]


@pytest.mark.parametrize("name", ["mse", "r2"])
def test_regression(name):
    targets, outputs = RNG.normal(size=9), RNG.normal(size=(4, 9, 1))
    found = make_metric(name, targets, 1)(outputs, targets)
    slow = {"mse": lambda f: -twins.mean_squared_error(targets, f),
            "r2": lambda f: twins.r2_score(targets, f)}[name]  # fmt: skip
    np.testing.assert_allclose(found, [slow(each[:, 0]) for each in outputs], rtol=1e-10)


def test_any_function_of_predictions_and_targets():
    def worst_row(predictions, targets):
        return predictions[:, np.arange(len(targets)), targets].min(1)

    metric = make_metric(worst_row, CLASSES, 3)
    assert metric.describe() == {"metric": "worst_row"}
    assert metric(OUTPUTS, CLASSES).shape == (4,)
    with pytest.raises(ValueError, match=r"metric: wanted flat to give one number for each of 4"):
        make_metric(flat, CLASSES, 3)(OUTPUTS, CLASSES)


def flat(predictions, targets):
    return 0.0


def test_defaults():
    assert [default_metric(1), default_metric(3)] == ["mse", "accuracy"]


@pytest.mark.parametrize(
    ("name", "targets", "num_outputs", "message"),
    [
        ("accurcy", CLASSES, 3, "did you mean 'accuracy'"),
        ("r2", CLASSES, 3, "metric: wanted one for classes, got 'r2'"),
        ("accuracy", RNG.normal(size=9), 1, "metric: wanted mse or r2 for a single output"),
        ("accuracy", CLASSES + 1, 3, r"validation_targets: wanted classes 0\.\.2, got 3"),
        ("auc", np.ones(9), 3, "metric: wanted validation rows of two classes or more for auc"),
        ("r2", np.ones(9), 1, "metric: wanted validation targets that differ for r2"),
    ],
)
def test_what_cannot_be_measured_is_refused(name, targets, num_outputs, message):
    with pytest.raises(ValueError, match=message):
        make_metric(name, targets, num_outputs)


def test_a_temperature_of_zero_is_refused():
    with pytest.raises(ValueError, match="temperature: wanted a finite number > 0"):
        make_metric("cross_entropy", CLASSES, 3, temperature=0)
