"""The law of the weights at initialisation."""

import jax
import numpy as np

from davinz_jax.models import CNN, initialise


def test_uniform_law_by_hand(key):
    """U(-a, a) with a = 1/√fan_in has variance a²/3; conv2 of the CNN has fan_in 5·5·16 = 400."""
    kernel = initialise(CNN(), key, np.zeros((1, 8, 8, 1)))["params"]["conv2.0"]["kernel"]
    assert kernel.shape == (5, 5, 16, 32)
    assert np.abs(kernel).max() <= 1 / 20
    np.testing.assert_allclose(np.var(kernel), (1 / 20) ** 2 / 3, rtol=0.05)


def test_key_decides_the_draw(key):
    first, again, other = (
        initialise(CNN(), k, np.zeros((1, 8, 8, 1)))["params"]["out"]["kernel"]
        for k in (key, key, jax.random.key(1))
    )
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0
