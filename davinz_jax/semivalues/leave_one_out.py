"""Leave-one-out: what the grand coalition loses with each player."""

import time

from davinz_jax.semivalues.valuation import Valuation, value_utility
from davinz_jax.types import Utility


def leave_one_out(utility: Utility) -> Valuation:
    """Value of each player as u(N) − u(N ∖ j), exact.

    Args:
        utility: what is to be shared out; unit of its answers is the unit of the values.

    Returns:
        Values by the utility's own closed form; method `leave_one_out`.

    References:
        Wu et al. 2022 (`wu2022davinz`): a party's value in their comparison.
    """
    start = time.perf_counter()
    contributions = utility.leave_one_out()
    seconds = time.perf_counter() - start
    return value_utility(utility, "leave_one_out", contributions, seconds=seconds)
