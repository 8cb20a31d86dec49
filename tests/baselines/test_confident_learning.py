"""Confident learning is cleanlab's score of labels by models that did not see the row."""

import jax
import numpy as np
import pytest

from davinz_jax.baselines.confident_learning import row_values
from davinz_jax.evaluation import detection_auc

KEY = jax.random.key(0)


def test_wrong_labels_are_worth_least_and_values_are_chances():
    draw = np.random.default_rng(0)
    labels = np.repeat([2, 5, 9], 30)
    inputs = draw.normal(size=(90, 3)) + 4 * np.eye(3)[np.repeat([0, 1, 2], 30)]
    is_wrong = np.arange(90) % 15 == 0
    given = np.where(is_wrong, np.roll(labels, 30), labels)
    values = row_values(inputs, given, key=KEY)
    assert ((values >= 0) & (values <= 1)).all()
    assert detection_auc(values, is_wrong) > 0.95


def test_a_class_of_two_rows_has_two_folds():
    inputs, labels = np.arange(10.0)[:, None], np.array([0] * 8 + [1] * 2)
    assert np.isfinite(row_values(inputs, labels, key=KEY)).all()


def test_a_class_of_one_row_is_refused():
    with pytest.raises(ValueError, match="got 2 classes, the least of 1 rows"):
        row_values(np.arange(4.0)[:, None], np.array([0, 0, 0, 1]), key=KEY)
