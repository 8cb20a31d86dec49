"""Standalone: what each player's data is worth by itself."""

import time
from pathlib import Path

import numpy as np

from davinz_jax.semivalues.valuation import Valuation, value_utility
from davinz_jax.types import PRNGKey, Progress, Utility
from davinz_jax.utility.resampling import with_resamples


def standalone(
    utility: Utility,
    *,
    batch_size: int = 256,
    key: PRNGKey | None = None,
    checkpoint: Path | None = None,
    progress: Progress | None = None,
) -> Valuation:
    """Value of each player as u({j}), exact; the empty coalition is not subtracted.

    Args:
        utility: what is to be shared out; unit of its answers is the unit of the values.
        batch_size: coalitions asked for at a time.
        key: taken as by every semivalue, and so is `checkpoint`; nothing is drawn.
        checkpoint: not written.
        progress: called with the players done, those in all, and the stage.

    Returns:
        Values of the players alone; method `standalone`.

    References:
        Wu et al. 2022 (`wu2022davinz`): a party's score in their property experiments.
    """
    start = time.perf_counter()
    utility = with_resamples(utility)
    num_players = len(utility.players)
    parts = []
    for first in range(0, num_players, batch_size):
        rows = np.arange(first, min(first + batch_size, num_players))
        parts.append(utility.coalitions(rows[:, None] == np.arange(num_players)))
        if progress is not None:
            progress(int(rows[-1]) + 1, num_players, "standalone")
    seconds = time.perf_counter() - start
    return value_utility(utility, "standalone", np.concatenate(parts, axis=-1), seconds=seconds)
