"""The Shapley value, exact or by permutations."""

from pathlib import Path

from davinz_jax.semivalues.permutations import semivalue_by_permutations
from davinz_jax.semivalues.sampling import Sampling, SamplingRun
from davinz_jax.semivalues.size_weights import shapley_weights
from davinz_jax.semivalues.valuation import Valuation
from davinz_jax.types import PRNGKey, Progress, Utility


def shapley(
    utility: Utility,
    *,
    sampling: Sampling | None = None,
    key: PRNGKey | None = None,
    checkpoint: Path | None = None,
    progress: Progress | None = None,
    per_validation_row: bool = False,
) -> Valuation:
    """Shapley value: a player's mean marginal over all orders in which players may come.

    Values sum to u(N) − u(∅).

    Args:
        utility: what is to be shared out; unit of its answers is the unit of the values.
        sampling: whether it is sampled, how and for how long; None for the default.
        key: random key; wanted for sampling.
        checkpoint: file that sampling goes on from, if there, and keeps its state in.
        progress: called with the permutations done, those in all, and the stage.
        per_validation_row: whether to keep the values to each validation row too, found of the same
            samples (`ByValidationRow`).

    Returns:
        Values; with their sampling error, if sampled.

    Raises:
        ValueError: as `exact_semivalue` and `sample_semivalue`.

    References:
        Shapley 1953 (`shapley1953value`); Ghorbani & Zou 2019 (`ghorbani2019datashapley`), Data
        Shapley; Castro et al. 2009 (`castro2009polynomial`), by permutations; Mitchell et al. 2022
        (`mitchell2022sampling`), antithetic.
    """
    weights = shapley_weights(len(utility.players))
    run = SamplingRun(sampling or Sampling(), key, checkpoint, progress, per_validation_row)
    return semivalue_by_permutations(utility, weights, "shapley", run)
