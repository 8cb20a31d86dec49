"""What baselines are given: the network trained when asked for, and refusals in one place."""

from dataclasses import replace

import numpy as np
import pytest

from davinz_jax.data.dataset import Validation
from davinz_jax.training import Schedule, fixed_schedule, train

SCHEDULE = Schedule(learning_rate=0.1, batch_size=8, min_epochs=3, max_epochs=3)


def test_names_what_the_ingredients_hold(classes, make_context):
    context = make_context(*classes)
    assert context.dataset is classes[0]
    assert context.parties is classes[1]
    assert context.variables is context.ingredients.initialisations[0]
    np.testing.assert_array_equal(context.bandwidth, [5.0])
    assert context.training == fixed_schedule("classification")


def test_trains_once_when_first_asked(classes, key, make_context):
    context = make_context(*classes, schedule=SCHEDULE)
    assert not context.has_asked_for_training
    wanted = train(
        context.module, context.variables, context.dataset, schedule=SCHEDULE, key=context.key
    ).variables
    np.testing.assert_array_equal(
        context.trained["params"]["out"]["kernel"], wanted["params"]["out"]["kernel"]
    )
    assert context.has_asked_for_training
    assert context.trained is context.trained


def test_network_at_hand_is_not_trained_again(fitted, regression):
    again = replace(fitted)
    assert again.trained is regression[2]
    assert again.has_asked_for_training


def test_features_of_classes_are_logits(classes, make_context):
    context = make_context(*classes, schedule=SCHEDULE)
    kernel = np.asarray(context.trained["params"]["out"]["kernel"])
    inputs = context.dataset.inputs
    np.testing.assert_allclose(context.features(inputs), inputs @ kernel, rtol=1e-5, atol=1e-6)
    many = np.tile(inputs, (20, 1))  # several passes
    np.testing.assert_allclose(context.features(many), many @ kernel, rtol=1e-5, atol=1e-6)


def test_features_of_a_regression_are_inputs_of_the_last_layer(fitted):
    inputs = fitted.dataset.inputs
    np.testing.assert_allclose(fitted.features(inputs), inputs, rtol=1e-6)


def test_unknown_targets_are_refused(classes, make_context):
    dataset, parties = classes
    unlabelled = replace(dataset, validation=Validation(dataset.validation.inputs))
    with pytest.raises(ValueError, match="dataset: wanted known targets"):
        _ = make_context(unlabelled, parties).validation_classes


def test_regression_has_no_classes(fitted):
    assert len(fitted.validation_targets) == 20
    with pytest.raises(ValueError, match="dataset: wanted classes, got a regression"):
        _ = fitted.validation_classes
