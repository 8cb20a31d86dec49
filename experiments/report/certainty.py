"""What the errors of values allow to be said, in words that name what holds of each and of all."""

from collections.abc import Iterator

import numpy as np

from davinz_jax.semivalues import Valuation
from davinz_jax.semivalues.evidence import FEW

ALL = "of all players together"
HOLDS = {"low": "of each player by itself", "rank_low": ALL, "not_separable": ALL}
"""Of whom limits hold with the probability of their level; those of `low` also for `high`."""

MOST_PLAYERS = 200
MOST_PAIRS = 8
MOST_NAMES = 5


def notes(valuation: Valuation, level: float, *, pairs: bool = True) -> Iterator[str]:
    """What a reader of a table of values should know of their errors; nothing without errors.

    Args:
        valuation: the values.
        level: coverage of intervals and ranks.
        pairs: whether pairs that are not told apart are named.
    """
    if np.isnan(valuation.stderr).all():
        return
    yield (
        f"± is one standard error of each value by itself; places in brackets hold at {level:.0%} "
        "for all players together"
    )
    if pairs and (text := pairs_note(valuation, level)):
        yield text
    if text := scarce_note(valuation):
        yield text


def pairs_note(valuation: Valuation, level: float) -> str | None:
    """The pairs that are not told apart, if there are any."""
    pairs = pairs_not_separable(valuation, level)
    if not pairs:
        return None
    named = ", ".join(f"{one}-{other}" for one, other in pairs[:MOST_PAIRS])
    rest = f" and {len(pairs) - MOST_PAIRS} more pairs" if len(pairs) > MOST_PAIRS else ""
    return f"not separable at {level:.0%}, all pairs together: {named}{rest}"


def pairs_not_separable(valuation: Valuation, level: float) -> tuple[tuple[str, str], ...] | None:
    """Pairs not told apart; None where no error is known, or for more players than one can name."""
    if np.isnan(valuation.stderr).all() or len(valuation.players) > MOST_PLAYERS:
        return None
    return valuation.not_separable(level)


def scarce_note(valuation: Valuation) -> str | None:
    """The players whose values hang on few samples, if any."""
    players, evidence = valuation.scarce, valuation.evidence
    if not players or evidence is None:
        return None
    named = ", ".join(players[:MOST_NAMES])
    rest = f" and {len(players) - MOST_NAMES} more" if len(players) > MOST_NAMES else ""
    return (
        f"{len(players)} of {len(valuation.players)} values hang on fewer than {FEW} of "
        f"{valuation.num_samples:,} samples ({named}{rest}): their errors are widened by what may "
        "have been missed; draw more (semivalue.num_samples)"
    )
