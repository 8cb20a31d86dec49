"""Predictors that look at next to nothing."""

from dataclasses import replace

import jax
import numpy as np
import pytest

from davinz_jax.baselines import class_share, log_size, mmd_alone, random_values
from davinz_jax.data.dataset import Validation
from davinz_jax.mmd import mmd


@pytest.fixture
def context(classes, make_context):
    return make_context(*classes)


def test_log_size_by_hand(context):
    found = log_size(context)
    np.testing.assert_allclose(found.values, np.log([8, 3, 7]))
    assert (found.method, found.players, found.terms) == (
        "log_size",
        ("a", "b", "c"),
        ("log_size",),
    )
    assert found.num_rows.tolist() == [8, 3, 7]


def test_class_share_by_hand(context):
    """Shares 3, 2, 1 of 6; party b holds half of class 1, party c the rest and class 2."""
    found = class_share(context)
    np.testing.assert_allclose(found.values, [3 / 6, 1 / 6, 1 / 6 + 1 / 6])


def test_class_share_needs_known_classes(classes, make_context, fitted):
    dataset, parties = classes
    unlabelled = replace(dataset, validation=Validation(dataset.validation.inputs))
    for context in (make_context(unlabelled, parties), fitted):
        with pytest.raises(ValueError, match="dataset: wanted"):
            class_share(context)


def test_mmd_alone_equals_slow_twin(context):
    data, parties = context.dataset, context.parties
    found = mmd_alone(context, bandwidth=2.0)
    whole = mmd(data.inputs, data.validation.inputs, bandwidth=2.0)
    for party in range(3):
        rest = data.inputs[parties.indices != party]
        wanted = mmd(rest, data.validation.inputs, bandwidth=2.0) - whole
        assert found.values[party] == pytest.approx(wanted, rel=1e-6)


def test_mmd_alone_takes_the_bandwidth_of_the_context(context):
    np.testing.assert_array_equal(
        mmd_alone(context).values, mmd_alone(context, bandwidth=5.0).values
    )


def test_random_values_follow_the_key(context, key):
    contexts = (replace(context, key=k) for k in (key, key, jax.random.key(1)))
    first, again, other = map(random_values, contexts)
    np.testing.assert_array_equal(first.values, again.values)
    assert (first.values != other.values).all()
