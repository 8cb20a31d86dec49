"""The correlation of predictions with labels."""

import numpy as np

from davinz_jax.utility.correlation import correlation, correlation_influence

CLASSES = np.array([0, 1, 2, 2, 1, 0, 1])
OUTPUTS = np.random.default_rng(0).normal(size=(3, 7, 3))


def test_it_does_not_see_shrinking_or_what_classes_and_rows_share():
    found = correlation(OUTPUTS, CLASSES)
    moved = 0.01 * OUTPUTS + np.arange(7.0)[:, None] + np.array([3.0, -1.0, 2.0])
    np.testing.assert_allclose(correlation(moved, CLASSES), found, rtol=1e-10)


def test_labels_themselves_have_one_and_equal_predictions_none():
    outputs = np.stack([np.eye(3)[CLASSES], -np.eye(3)[CLASSES], np.full((7, 3), 0.5)])
    np.testing.assert_allclose(correlation(outputs, CLASSES), [1, -1, 0], atol=1e-12)
    assert np.all(correlation_influence(outputs, CLASSES)[2] == 0)


def test_its_square_is_the_variance_explained_by_the_best_scaling():
    labels = np.eye(3)[CLASSES]
    labels = (labels - labels.mean(0)).ravel()
    outputs = OUTPUTS - OUTPUTS.mean(2, keepdims=True)
    outputs = (outputs - outputs.mean(1, keepdims=True)).reshape(3, -1)
    for each, rho in zip(outputs, correlation(OUTPUTS, CLASSES), strict=True):
        scale = np.linalg.lstsq(each[:, None], labels, rcond=None)[0]
        left = np.square(labels - each * scale).sum() / np.square(labels).sum()
        np.testing.assert_allclose(rho**2, 1 - left, rtol=1e-10)
