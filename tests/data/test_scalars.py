"""Scalars of all kinds."""

import jax.numpy as jnp
import numpy as np
import pytest

from davinz_jax.data.scalars import number


@pytest.mark.parametrize("value", [2, 2.0, np.float32(2), np.array(2), jnp.array(2.0)])
def test_scalars_of_all_kinds_become_floats(value):
    assert number(value) == 2.0
    assert type(number(value)) is float
