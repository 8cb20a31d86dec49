"""The area under the ROC curve."""

import numpy as np
from sklearn.metrics import roc_auc_score

from davinz_jax.utility.auc import auc, auc_influence

RNG = np.random.default_rng(0)
CLASSES = np.array([0, 1, 1, 0, 1, 0, 0])
OUTPUTS = RNG.normal(size=(5, 7, 2)).round(1)


def test_two_classes_have_the_curve_of_their_difference():
    slow = [roc_auc_score(CLASSES, each[:, 1] - each[:, 0]) for each in OUTPUTS]
    np.testing.assert_allclose(auc(OUTPUTS, CLASSES), slow)
    np.testing.assert_allclose(auc_influence(OUTPUTS, CLASSES).mean(1), slow)


def test_a_class_that_no_row_has_is_left_out():
    outputs = RNG.normal(size=(2, 7, 3))
    slow = [np.mean([roc_auc_score(c == CLASSES, each[:, c]) for c in (0, 1)]) for each in outputs]
    np.testing.assert_allclose(auc(outputs, CLASSES), slow)
