"""What is refused of a valuation's numbers, by name."""

import numpy as np
import pytest

from davinz_jax.semivalues.checks import check_finite, check_shapes

PLAYERS, TERMS, ZEROS = ("a", "b"), ("one",), np.zeros((1, 3, 2))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_not_finite_are_refused_by_player(bad):
    check_finite(ZEROS, PLAYERS, "test")
    with pytest.raises(ValueError, match=r"NaN or infinity for b \(test\)"):
        check_finite(np.array([[[0.0, bad]]]), PLAYERS, "test")


def test_shapes_and_names_are_checked():
    groups, counts = np.zeros((4, 1, 3, 2)), np.ones(4, dtype=int)
    check_shapes(PLAYERS, TERMS, ZEROS, groups, counts)
    with pytest.raises(ValueError, match="contributions: wanted shape"):
        check_shapes(PLAYERS, TERMS, np.zeros((1, 1, 1)), None, None)
    with pytest.raises(ValueError, match="'a' twice"):
        check_shapes(("a", "a"), TERMS, ZEROS, None, None)
    with pytest.raises(ValueError, match=r"replicates: wanted shape \(groups, "):
        check_shapes(PLAYERS, TERMS, ZEROS, groups[:, :, :2], counts)
    with pytest.raises(ValueError, match="replicate_samples: wanted with"):
        check_shapes(PLAYERS, TERMS, ZEROS, groups, None)
