"""Semivalues from the options of a configuration."""

import pytest

from davinz_jax import Sampling, beta_shapley
from experiments.runtime.errors import InputError
from experiments.runtime.semivalues import with_sampling


def test_options_become_one_sampling():
    made = with_sampling(
        beta_shapley, method="exact", num_samples=7, checkpoint_seconds=1, alpha=2.0
    )
    wanted = {"sampling": Sampling("exact", 7, None, 1), "alpha": 2.0}
    assert made.keywords == wanted  # pyright: ignore[reportFunctionMemberAccess]


def test_an_option_that_is_none_is_refused_with_the_nearest():
    with pytest.raises(InputError, match="semivalue.alhpa: unknown option; did you mean 'alpha'"):
        with_sampling(beta_shapley, alhpa=4)
    with pytest.raises(InputError, match="did you mean 'num_samples'"):
        with_sampling(beta_shapley, num_sample=4)
