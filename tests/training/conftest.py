"""A small dataset that a linear network can learn."""

import numpy as np
import pytest

from davinz_jax.data.dataset import Dataset, Validation


@pytest.fixture(scope="session")
def blobs():
    """Two classes in the plane, 24 rows and 10 validation rows."""
    draw = np.random.default_rng(0)
    labels = np.arange(34) % 2
    inputs = (draw.normal(size=(34, 2)) + 3 * labels[:, None]).astype(np.float32)
    return Dataset(
        inputs[:24], labels[:24], "classification", 2, Validation(inputs[24:], labels[24:])
    )


@pytest.fixture(scope="session")
def line():
    """Numbers y = 2 a - b with 12 rows and 6 validation rows."""
    inputs = np.random.default_rng(1).normal(size=(18, 2)).astype(np.float32)
    targets = (inputs @ [2.0, -1.0]).astype(np.float32)
    return Dataset(
        inputs[:12], targets[:12], "regression", 1, Validation(inputs[12:], targets[12:])
    )
