"""Predictors that look at next to nothing."""

from dataclasses import replace

import jax
import numpy as np
import pytest

from davinz_jax.baselines import class_share, log_size, mmd_alone, random_values
from davinz_jax.data.dataset import Validation
from davinz_jax.mmd import mmd


def test_log_size_by_hand(classes):
    found = log_size(classes[1])
    np.testing.assert_allclose(found.values, np.log([8, 3, 7]))
    assert (found.method, found.players, found.terms) == (
        "log_size",
        ("a", "b", "c"),
        ("log_size",),
    )
    assert found.num_rows.tolist() == [8, 3, 7]


def test_class_share_by_hand(classes):
    """Target 3, 2, 1 of 6; party b holds half of class 1, party c the rest and class 2."""
    found = class_share(*classes)
    np.testing.assert_allclose(found.values, [3 / 6, 1 / 6, 1 / 6 + 1 / 6])


def test_class_share_needs_known_classes(classes, regression):
    for data in (
        replace(classes[0], validation=Validation(classes[0].validation.inputs)),
        regression[0],
    ):
        with pytest.raises(ValueError, match="dataset: wanted classes"):
            class_share(data, classes[1])


def test_mmd_alone_equals_slow_twin(classes):
    data, parties = classes
    found = mmd_alone(data, parties, bandwidth=2.0)
    whole = mmd(data.inputs, data.validation.inputs, bandwidth=2.0)
    for party in range(3):
        rest = data.inputs[parties.indices != party]
        wanted = mmd(rest, data.validation.inputs, bandwidth=2.0) - whole
        assert found.values[party] == pytest.approx(wanted, rel=1e-6)


def test_random_values_follow_the_key(classes, key):
    first, again, other = (random_values(classes[1], key=k) for k in (key, key, jax.random.key(1)))
    np.testing.assert_array_equal(first.values, again.values)
    assert (first.values != other.values).all()
