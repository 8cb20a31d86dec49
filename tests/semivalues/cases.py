"""What several tests of semivalues look at."""

import numpy as np

from davinz_jax.semivalues import Valuation
from davinz_jax.semivalues.intervals import spread_of_mean


def sampling_variance(valuation: Valuation) -> np.ndarray:
    """Sampling variance (t, i, p) of each contribution of sampled values."""
    groups, counts = valuation.replicates, valuation.replicate_samples
    assert groups is not None
    assert counts is not None
    return np.square(spread_of_mean(groups, counts)).sum(axis=0)
