"""Numbers that are not finite."""

import numpy as np
import pytest

from davinz_jax.linalg import check_finite


def test_finite_numbers_pass():
    check_finite("inputs", np.arange(3), "clean the data")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_others_are_refused_by_name(bad):
    with pytest.raises(ValueError, match=r"inputs: wanted finite numbers, got NaN.*; clean it"):
        check_finite("inputs", np.array([[0.0, bad]]), "clean it")
