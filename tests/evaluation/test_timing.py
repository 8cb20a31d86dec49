"""Time ratios."""

import numpy as np
import pytest

from davinz_jax.evaluation import time_ratio
from davinz_jax.semivalues.valuation import Valuation


def timed(seconds):
    sizes = np.array([1, 2])
    return Valuation("m", ("a", "b"), sizes, ("u",), np.ones((1, 1, 2)), seconds=seconds)


def test_ratio():
    assert time_ratio(timed(6.0), timed(2.0)) == 3
    with pytest.raises(ValueError, match="fast: wanted a valuation with its time"):
        time_ratio(timed(6.0), timed(0.0))
