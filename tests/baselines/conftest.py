"""Data that baselines can be checked on, and the context that they are given."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from davinz_jax.baselines import BaselineContext
from davinz_jax.data.dataset import Dataset, Parties, Validation
from davinz_jax.models import MLP
from davinz_jax.utility import Ingredients


@pytest.fixture(scope="session")
def regression():
    """Linear regression y = 2 a - b + noise, 30 rows of 3 parties, with its least squares fit."""
    draw = np.random.default_rng(0)
    inputs = draw.normal(size=(50, 2)).astype(np.float32)
    targets = (inputs @ [2.0, -1.0] + 0.3 * draw.normal(size=50)).astype(np.float32)
    data = Dataset(
        inputs[:30], targets[:30], "regression", 1, Validation(inputs[30:], targets[30:])
    )
    fit = np.linalg.lstsq(data.inputs, data.targets, rcond=None)[0]
    variables = {"params": {"out": {"kernel": jnp.asarray(fit[:, None], jnp.float32)}}}
    return data, Parties(np.arange(30) % 3, ("a", "b", "c")), variables


@pytest.fixture(scope="session")
def classes():
    """Three classes in the plane; parties a: class 0, b: class 1, c: class 2 and half of 1."""
    draw = np.random.default_rng(1)
    labels = np.repeat([0, 1, 2], [8, 6, 4])
    inputs = draw.normal(size=(18, 2)) + 4 * np.eye(3)[labels][:, :2]
    validation_labels = np.array([0, 0, 0, 1, 1, 2])
    validation_inputs = draw.normal(size=(6, 2)) + 4 * np.eye(3)[validation_labels][:, :2]
    parties = Parties(np.repeat([0, 1, 2], [8, 3, 7]), ("a", "b", "c"))
    data = Dataset(
        inputs.astype(np.float32),
        labels,
        "classification",
        3,
        Validation(validation_inputs.astype(np.float32), validation_labels),
    )
    return data, parties


@pytest.fixture(scope="session")
def make_context():
    """A context of data and parties; the network is linear, its draw as given or at random."""

    def make(data, parties, variables=None, **options):
        ingredients = Ingredients(
            MLP((), data.num_classes),
            data,
            parties,
            key=jax.random.key(0),
            num_initialisations=1,
            initialisations=None if variables is None else [variables],
        )
        return BaselineContext(ingredients, **({"key": jax.random.key(0)} | options))

    return make


@pytest.fixture(scope="session")
def fitted(regression, make_context):
    """The regression's context, its network at the least squares fit."""
    data, parties, variables = regression
    return make_context(data, parties, variables, trained_variables=variables)
