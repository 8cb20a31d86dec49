"""Data-OOB against a loop over the same draws, and what it says of wrong rows."""

import jax
import numpy as np
import pytest
from sklearn.ensemble import BaggingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

from davinz_jax.baselines.data_oob import row_values
from davinz_jax.evaluation import detection_auc


@pytest.fixture(scope="module")
def rows():
    """60 rows of two classes (3 and 7, say), 6 of them with the other's label."""
    draw = np.random.default_rng(0)
    labels = np.repeat([3, 7], 30)
    inputs = draw.normal(size=(60, 2)) + 3.0 * (labels == 7)[:, None]
    is_wrong = np.zeros(60, bool)
    is_wrong[::10] = True
    return inputs, np.where(is_wrong, 10 - labels, labels), is_wrong


def test_equals_a_loop_over_rows(rows):
    inputs, labels, _ = rows
    key = jax.random.key(1)
    seed = int(jax.random.randint(key, (), 0, np.iinfo(np.int32).max))
    bagged = BaggingClassifier(DecisionTreeClassifier(), 12, random_state=seed)
    bagged.fit(inputs, labels)
    hits = [[] for _ in labels]
    for model, drawn in zip(bagged.estimators_, bagged.estimators_samples_, strict=True):
        for row in set(range(60)) - set(drawn):
            guess = bagged.classes_[int(model.predict(inputs[[row]])[0])]
            hits[row].append(guess == labels[row])
    wanted = [np.mean(each) for each in hits]
    found = row_values(inputs, labels, key=key, learner="tree", num_models=12)
    np.testing.assert_allclose(found, wanted, atol=1e-12)


@pytest.mark.parametrize("learner", ["logistic", "tree"])
def test_wrong_labels_are_worth_least(rows, learner):
    inputs, labels, is_wrong = rows
    values = row_values(inputs, labels, key=jax.random.key(0), learner=learner, num_models=40)
    assert detection_auc(values, is_wrong) > 0.95


def test_wrong_numbers_are_worth_least(rows):
    inputs, _, is_wrong = rows
    numbers = inputs.sum(1) + 20 * is_wrong
    values = row_values(inputs, numbers, key=jax.random.key(0), learner="tree", num_models=40,
                        is_regression=True)  # fmt: skip
    assert (values <= 0).all()
    assert detection_auc(values, is_wrong) > 0.95


def test_chances_are_those_of_the_models_that_did_not_draw_a_row(rows):
    inputs, labels, _ = rows
    key = jax.random.key(1)
    seed = int(jax.random.randint(key, (), 0, np.iinfo(np.int32).max))
    bagged = BaggingClassifier(LogisticRegression(C=0.1), 8, random_state=seed)
    bagged.fit(inputs, labels)
    chances = [[] for _ in labels]
    for model, drawn in zip(bagged.estimators_, bagged.estimators_samples_, strict=True):
        for row in set(range(60)) - set(drawn):
            chances[row].append(model.predict_proba(inputs[[row]])[0, int(labels[row] == 7)])
    found = row_values(inputs, labels, key=key, learner=LogisticRegression(C=0.1), score="chance",
                       num_models=8)  # fmt: skip
    seen = np.array([len(each) > 0 for each in chances])
    wanted = [np.mean(each) for each in chances if each]
    np.testing.assert_allclose(found[seen], wanted, atol=1e-12)


def test_a_row_in_every_draw_has_the_mean_of_the_others():
    inputs, labels = np.array([[0.0], [1.0], [2.0]]), np.array([0, 1, 1])
    values = row_values(inputs, labels, key=jax.random.key(3), learner="tree", num_models=1)
    assert np.isfinite(values).all()


def test_what_it_cannot_do_is_refused(rows):
    inputs, labels, _ = rows
    with pytest.raises(ValueError, match="num_models: wanted 1 or more, got 0"):
        row_values(inputs, labels, key=jax.random.key(0), num_models=0)
    with pytest.raises(ValueError, match="learner: wanted tree for numbers"):
        row_values(inputs, inputs[:, 0], key=jax.random.key(0), is_regression=True)
