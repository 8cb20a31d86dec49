"""A model of any form becomes a Flax module with as many outputs as the data has classes."""

from functools import partial

import numpy as np
import pytest
from flax import linen as nn
from flax import nnx

from davinz_jax import CNN, MLP, Dataset
from davinz_jax.data import Validation
from davinz_jax.estimator.network import make_module
from davinz_jax.models import default_model, initialise

INPUTS = np.zeros((4, 5), np.float32)
DATA = Dataset(INPUTS, np.array([0, 1, 2, 0]), "classification", 3, Validation(INPUTS))


class Ten(nn.Module):
    """Does not say how many outputs it has."""

    @nn.compact
    def __call__(self, inputs):
        return nn.Dense(3)(inputs)


class WantsTrain(nn.Module):
    """Is called with more than its inputs."""

    @nn.compact
    def __call__(self, inputs, train):
        return nn.Dense(3)(inputs)


class Net(nnx.Module):
    """A module of the other kind."""

    def __init__(self, num_inputs, num_outputs, rngs):
        self.layer = nnx.Linear(num_inputs, num_outputs, rngs=rngs)

    def __call__(self, inputs):
        return self.layer(inputs)


class Five(Net):
    """Takes five numbers."""

    def __init__(self, num_outputs=2, *, rngs):
        super().__init__(5, num_outputs, rngs)


@pytest.mark.parametrize(
    ("model", "wanted"),
    [
        (None, None),
        (MLP(widths=(4,)), MLP(widths=(4,), num_outputs=3)),
        (CNN, CNN(num_outputs=3)),
        (Ten(), Ten()),
        (Ten, Ten()),
        (default_model, MLP((64, 64), num_outputs=3)),
    ],
)
def test_the_outputs_are_the_classes(model, wanted):
    assert make_module(model, DATA) == wanted


@pytest.mark.parametrize("model", [Net(5, 3, nnx.Rngs(0)), partial(Net, 5, 3), Five])
def test_a_module_of_nnx_is_drawn(model, key):
    """An instance, a class with its settings, and one that is told the number of classes."""
    module = make_module(model, DATA)
    assert module.apply(initialise(module, key, INPUTS), INPUTS).shape == (4, 3)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (lambda params, inputs: inputs @ params, "got the function <lambda>; call it in"),
        (dict, "got the class dict; give an instance"),
        (3, "got int; give one, such as"),
    ],
)
def test_what_is_no_module_is_refused(model, message):
    with pytest.raises(ValueError, match=f"model: wanted a Flax Linen module, {message}"):
        make_module(model, DATA)


def test_a_class_of_nnx_that_lacks_a_setting_is_refused():
    with pytest.raises(ValueError, match=r"setting of Net, got .*'num_inputs'.*partial\(Net"):
        make_module(Net, DATA)


def test_a_module_that_wants_more_is_refused_when_it_is_drawn(key):
    with pytest.raises(ValueError, match="WantsTrain: missing .*'train'; .*train=False"):
        initialise(make_module(WantsTrain(), DATA), key, INPUTS)
