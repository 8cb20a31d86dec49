"""Leave-one-out: what the grand coalition loses with each player."""

import time
from pathlib import Path

from davinz_jax.semivalues.row_tallies import LeaveOneOutTally
from davinz_jax.semivalues.valuation import Valuation, value_utility
from davinz_jax.types import PRNGKey, Progress, Utility
from davinz_jax.utility.resampling import with_resamples


def leave_one_out(
    utility: Utility,
    *,
    key: PRNGKey | None = None,
    checkpoint: Path | None = None,
    progress: Progress | None = None,
    per_validation_row: bool = False,
) -> Valuation:
    """Value of each player as u(N) − u(N ∖ j), exact.

    Args:
        utility: what is to be shared out; unit of its answers is the unit of the values.
        key: taken as by every semivalue, and so are the next two; nothing is drawn.
        checkpoint: not written.
        progress: not called.
        per_validation_row: whether to keep the values to each validation row too.

    Returns:
        Values by the utility's own closed form; method `leave_one_out`.

    Raises:
        ValueError: for values by validation row of a utility that is no mean over them.

    References:
        Wu et al. 2022 (`wu2022davinz`): a party's value in their comparison.
    """
    start = time.perf_counter()
    utility = with_resamples(utility)
    tally = LeaveOneOutTally(utility) if per_validation_row else None
    contributions = (utility if tally is None else tally.utility).leave_one_out()
    by_row = None if tally is None else tally.result()
    seconds = time.perf_counter() - start
    return value_utility(
        utility, "leave_one_out", contributions, seconds=seconds, by_validation_row=by_row
    )
