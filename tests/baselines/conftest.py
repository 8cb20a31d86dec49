"""Data that baselines can be checked on."""

import jax.numpy as jnp
import numpy as np
import pytest

from davinz_jax.data.dataset import Dataset, Parties, Validation


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
