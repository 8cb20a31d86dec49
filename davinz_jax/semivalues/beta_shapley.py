"""The Beta(α, β)-Shapley value, exact or by weighted permutations."""

from pathlib import Path

import numpy as np
from jaxtyping import ScalarLike

from davinz_jax.semivalues.permutations import semivalue_by_permutations
from davinz_jax.semivalues.sampling import Sampling, SamplingRun
from davinz_jax.semivalues.size_weights import beta_weights
from davinz_jax.semivalues.valuation import Valuation
from davinz_jax.types import PRNGKey, Progress, Utility


def beta_shapley(
    utility: Utility,
    *,
    alpha: ScalarLike,
    beta: ScalarLike,
    sampling: Sampling | None = None,
    key: PRNGKey | None = None,
    checkpoint: Path | None = None,
    progress: Progress | None = None,
    per_validation_row: bool = False,
) -> Valuation:
    """Beta-Shapley value: mean marginals, with coalition sizes weighted by a Beta distribution.

    Args:
        utility: what is to be shared out; unit of its answers is the unit of the values.
        alpha: α > 0; above 1 it favours small coalitions.
        beta: β > 0; above 1 it favours large coalitions. α = β = 1 is the Shapley value.
        sampling: as in `shapley`, and so are the next ones; marginals are weighted by position.
        key: random key; wanted for sampling.
        checkpoint: file that sampling goes on from, if there, and keeps its state in.
        progress: called with the permutations done, those in all, and the stage.
        per_validation_row: as in `shapley`.

    Returns:
        Values, not scaled to sum to u(N) − u(∅); with their sampling error, if sampled.

    Raises:
        ValueError: if α or β is not positive; else as `exact_semivalue` and `sample_semivalue`.

    References:
        Kwon & Zou 2022 (`kwon2022beta`).
    """
    weights = beta_weights(len(utility.players), alpha=alpha, beta=beta)
    run = SamplingRun(sampling or Sampling(), key, checkpoint, progress, per_validation_row)
    settings = {"alpha": float(np.asarray(alpha)), "beta": float(np.asarray(beta))}
    return semivalue_by_permutations(utility, weights, "beta_shapley", run, settings)
