"""The embedded digits."""

import numpy as np
import pytest

from davinz_jax.data import load_digits


def test_all_digits_without_a_key():
    data = load_digits()
    assert data.inputs.shape == (1438, 8, 8, 1)
    assert data.validation.inputs.shape == (359, 8, 8, 1)
    np.testing.assert_array_equal(data.targets[:10], np.arange(10))
    assert (data.inputs.min(), data.inputs.max()) == (0, 1)
    assert data.notes == ("validation set: the last 359 of 1797 digits, held out",)


def test_a_key_draws_the_validation_set(key):
    data = load_digits(key=key)
    assert data.sha256() == load_digits(key=key).sha256()
    assert data.sha256() != load_digits().sha256()
    assert "held out at random" in data.notes[0]


def test_rows_and_size(key):
    data = load_digits(num_rows=30, num_validation_rows=20, select="balanced", size=16, key=key)
    assert data.inputs.shape == (30, 16, 16, 1)
    np.testing.assert_array_equal(np.bincount(data.targets), np.full(10, 3))
    assert len(data.validation.inputs) == 20


@pytest.mark.parametrize("holdout", [0.0, 1.0])
def test_a_validation_set_is_needed(holdout):
    with pytest.raises(
        ValueError, match="validation set: wanted one in digits, or a holdout fraction"
    ):
        load_digits(holdout=holdout)
