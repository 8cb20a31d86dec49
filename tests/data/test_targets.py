"""Tasks and classes inferred from targets."""

import inspect

import numpy as np
import pytest

from davinz_jax.data.targets import class_labels, infer_task


@pytest.mark.parametrize(
    ("targets", "task"),
    [
        (np.array([0, 1, 5]), "classification"),
        (np.array([True, False]), "classification"),
        (np.array(["ill", "well"]), "classification"),
        (np.array([0.0, 1.0]), "regression"),
    ],
)
def test_task_follows_the_kind_of_target(targets, task):
    assert infer_task(targets) == task


def test_the_task_given_wins():
    assert infer_task(np.array([0.0, 1.0]), "classification") == "classification"


def test_many_integers_need_to_be_told():
    with pytest.raises(ValueError, match="few distinct integers as classes, got 30 in 30 targets"):
        infer_task(np.arange(30))
    assert infer_task(np.arange(30), "regression") == "regression"


def test_whole_floats_and_truth_values_become_integers():
    np.testing.assert_array_equal(class_labels(np.array([1.0, 0.0]), "y"), [1, 0])
    assert class_labels(np.array([True, False]), "y").dtype == np.int64


@pytest.mark.parametrize("value", [0.5, np.nan, np.inf])
def test_other_floats_are_no_classes(value):
    with pytest.raises(ValueError, match="y: wanted whole numbers as classes"):
        class_labels(np.array([1.0, value]), "y")


def test_misspelt_task_is_refused():
    with pytest.raises(ValueError, match="task: wanted one of .*; did you mean 'regression'"):
        inspect.unwrap(infer_task)(np.array([0, 1]), "regresion")
