"""Small data sets that several tests of this folder share."""

import numpy as np
import pytest

from davinz_jax.data import Dataset, Validation


@pytest.fixture
def classes():
    """Twelve rows of two columns; class i mod 3; the first column is the row's number."""
    rows = np.arange(12)
    inputs = np.stack([rows, np.zeros(12)], axis=1).astype(np.float32)
    return Dataset(
        inputs, rows % 3, "classification", 3, Validation(inputs[:2] + 0.5, rows[:2] % 3)
    )


@pytest.fixture
def numbers():
    """Ten rows of two columns with real targets."""
    inputs = np.linspace(-1, 1, 20, dtype=np.float32).reshape(10, 2)
    return Dataset(inputs, inputs[:, 0].copy(), "regression", 1, Validation(inputs[:3]))
