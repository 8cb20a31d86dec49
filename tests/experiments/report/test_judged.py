"""Validation rows that judge, one by one, on four rows of two parties."""

from dataclasses import replace

import jax
import numpy as np
import pytest

from davinz_jax import Dataset, Ingredients, KernelChoice, KernelOptions
from davinz_jax.data import Parties, Validation, cross_fit, partition_rows
from davinz_jax.semivalues import leave_one_out
from experiments.report.judged import Explained, judged_frame, worst_predicted
from experiments.runtime.context import Rows

KEY = jax.random.key(0)
PARTIES = Parties(np.array([0, 0, 1, 1]), ("a", "b"))


def valued(dataset, parties):
    """Utility and leave-one-out values by validation row of regression with an RBF kernel."""
    made = Ingredients(None, dataset, parties, key=KEY, kernel_choice=KernelChoice("rbf"),
                       kernel_options=KernelOptions(ridge=0.1))  # fmt: skip
    utility = made.kernel_regression(metric="soft_accuracy")
    return utility, leave_one_out(utility, per_validation_row=True)


@pytest.fixture(scope="module")
def dataset():
    inputs = np.array([[0, 1], [1, 0], [1, 1], [3, 0]], np.float32)
    targets = np.array([0, 1, 1, 0])
    validation = Validation(inputs + 0.5, targets)
    return Dataset(inputs, targets, "classification", 2, validation, class_names=("well", "sick"))


def test_a_line_a_validation_row_with_who_helped_and_hurt_most(dataset):
    utility, valuation = valued(dataset, PARTIES)
    frame = judged_frame(dataset, utility, valuation)
    outputs = utility.predictions()[0]
    assert frame["label"].tolist() == ["well", "sick", "sick", "well"]
    assert frame["predicted_label"].tolist() == [["well", "sick"][k] for k in outputs.argmax(1)]
    clipped = np.clip(outputs, 0, 1)
    own = clipped[np.arange(4), dataset.validation.targets] / clipped.sum(1)
    np.testing.assert_allclose(frame["score"], own)
    for record in frame.to_dict("records"):
        players = valuation.for_validation_row(record["row"])
        assert record["most_helpful"] == players["player"].iloc[0]
        assert record["its_value"] == players["value"].iloc[0]
        assert record["most_harmful"] == players["player"].iloc[-1]
        assert record["its_harm"] == players["value"].iloc[-1]


def test_rows_of_folds_have_their_line_and_the_prediction_of_the_other_folds(dataset):
    folded = cross_fit(replace(dataset, lines=np.array([2, 4, 5, 9])), num_folds=2, key=KEY)
    utility, valuation = valued(folded, PARTIES)
    frame = judged_frame(folded, utility, valuation)
    assert frame["line"].tolist() == [2, 4, 5, 9]
    predicted = np.full(4, "", object)
    for k, fold in enumerate(utility.by_fold):
        classes = fold.predictions()[0].argmax(1)
        predicted[folded.folds == k] = np.array(["well", "sick"], object)[classes]
    assert frame["predicted_label"].tolist() == predicted.tolist()


def test_the_worst_predicted_come_first_with_their_players(dataset):
    parties = partition_rows(dataset)[1]
    utility, valuation = valued(dataset, parties)
    frame, rows = judged_frame(dataset, utility, valuation), Rows(dataset, PARTIES, np.zeros(4) > 0)
    found = worst_predicted(rows, valuation, frame, level=0.95)
    assert [each.judged["score"] for each in found] == sorted(frame["score"])
    first = found[0]
    assert first.frame["party"].tolist() == ["aabb"[place] for place in first.frame["place"]]
    assert (first.sides["helped"]["value"] > 0).all()
    assert first.sides["hurt"]["value"].is_monotonic_increasing
    assert first.sentences()[0].startswith(f"validation row {first.row} is predicted ")


def test_doubt_is_told_of_sampled_values_alone(dataset):
    utility, valuation = valued(dataset, PARTIES)
    record = judged_frame(dataset, utility, valuation).iloc[0].to_dict()
    rows = Rows(dataset, PARTIES, np.zeros(4) > 0)
    exact = Explained(rows, valuation, record, 0.95, 3)
    assert exact.sentences()[-1].startswith("of 2 parties, ")
    assert "interval" not in exact.sentences()[-1]
    by_row = replace(valuation.by_validation_row, stderr=np.full((2, 4), 10.0), degrees=3)
    doubtful = Explained(rows, replace(valuation, by_validation_row=by_row), record, 0.9, 3)
    last = doubtful.sentences()[-1]
    assert last.startswith("of 2 parties, 0 helped and 0 hurt with an interval clear of zero")
    assert last.endswith("each by itself at 90%")
    assert "[" in doubtful.worth(doubtful.frame.iloc[0])
    assert "[" not in exact.worth(exact.frame.iloc[0])
