"""A small dataset of three classes with a validation set."""

import numpy as np
import pytest

from davinz_jax.data import Dataset, Validation


@pytest.fixture
def dataset():
    rng = np.random.default_rng(0)
    classes = rng.integers(0, 3, 20)
    inputs = (rng.normal(size=(20, 6)) + classes[:, None]).astype(np.float32)
    validation = Validation(rng.normal(size=(5, 6)).astype(np.float32), np.arange(5) % 3)
    return Dataset(inputs, classes, "classification", 3, validation)
