"""The Shapley value, exact or by permutations."""

from pathlib import Path

from jaxtyping import ScalarLike

from davinz_jax.semivalues.coalition_sizes import shapley_sizes
from davinz_jax.semivalues.permutations import PermutationMethod, semivalue_by_permutations
from davinz_jax.semivalues.sampling import SamplingPlan
from davinz_jax.semivalues.stopping import Stopping
from davinz_jax.semivalues.valuation import Valuation
from davinz_jax.types import PRNGKey, Progress, Utility


def shapley(
    utility: Utility,
    *,
    method: PermutationMethod = "auto",
    num_samples: int = 1000,
    key: PRNGKey | None = None,
    stopping: Stopping | None = None,
    checkpoint: Path | None = None,
    checkpoint_seconds: ScalarLike = 20.0,
    progress: Progress | None = None,
) -> Valuation:
    """Shapley value: a player's mean marginal over all orders in which players may come.

    Values sum to u(N) − u(∅).

    Args:
        utility: what is to be shared out; unit of its answers is the unit of the values.
        method: `exact` enumerates 2^p coalitions; `permutation`, `antithetic` and `stratified`
            sample permutations (`permutations.py`); `auto` is exact up to 12 players and
            antithetic beyond.
        num_samples: budget of permutations, each one pass of the utility.
        key: random key; wanted for sampling.
        stopping: rules that end sampling before the budget.
        checkpoint: file that sampling goes on from, if there, and keeps its state in.
        checkpoint_seconds: least time between two checkpoints.
        progress: called with the permutations done, those in all, and the stage.

    Returns:
        Values; with their sampling error, if sampled.

    Raises:
        ValueError: as `exact_semivalue` and `sample_semivalue`.

    References:
        Shapley 1953 (`shapley1953value`); Ghorbani & Zou 2019 (`ghorbani2019datashapley`), Data
        Shapley; Castro et al. 2009 (`castro2009polynomial`), by permutations; Mitchell et al. 2022
        (`mitchell2022sampling`), antithetic.
    """
    plan = SamplingPlan(num_samples, key, stopping, checkpoint, checkpoint_seconds, progress)
    sizes = shapley_sizes(len(utility.players))
    return semivalue_by_permutations(utility, sizes, "shapley", method, plan)
