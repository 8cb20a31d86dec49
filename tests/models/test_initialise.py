"""Drawing variables, and the pure function of a module."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn

from davinz_jax.models import CNN, MLP, apply_function, initialise


class Unhashable(nn.Module):
    """A user's module with a field that cannot be hashed."""

    settings: dict

    @nn.compact
    def __call__(self, inputs):
        return nn.Dense(self.settings["outputs"])(inputs)


def test_equal_modules_share_one_function():
    assert apply_function(MLP([4])) is apply_function(MLP((4,)))
    assert apply_function(MLP([4])) is not apply_function(MLP([5]))


def test_user_module_that_cannot_be_hashed(key):
    module = Unhashable({"outputs": 3})
    inputs = jnp.ones((2, 5))
    assert apply_function(module)(initialise(module, key, inputs), inputs).shape == (2, 3)


def test_float64_inputs_give_the_same_network_in_float64(key):
    inputs = np.ones((2, 5))
    narrow = initialise(MLP((4,)), key, inputs.astype(np.float32))
    with jax.enable_x64(True):
        wide = initialise(MLP((4,)), key, inputs)
    for first, second in zip(jax.tree.leaves(narrow), jax.tree.leaves(wide), strict=True):
        assert (first.dtype, second.dtype) == (jnp.float32, jnp.float64)
        np.testing.assert_array_equal(first, second)


def test_inputs_of_another_shape_are_refused(key):
    variables = initialise(CNN(), key, np.zeros((1, 8, 8, 1)))
    with pytest.raises(ValueError, match=r"inputs: wanted .* got \(1, 12, 12, 1\)"):
        apply_function(CNN())(variables, jnp.zeros((1, 12, 12, 1)))


class WantsTrain(nn.Module):
    """A user's module that must be told whether it is being trained."""

    @nn.compact
    def __call__(self, inputs, train):
        return nn.Dense(2)(inputs)


def test_a_module_that_wants_more_than_inputs_is_refused(key):
    with pytest.raises(ValueError, match=r"got WantsTrain: missing .*'train'; .*train=False"):
        initialise(WantsTrain(), key, jnp.ones((2, 5)))
