"""The choice `data.holdout=auto`: rows of a file without a validation set judge each other.

They do so in folds (docs/intervals.md: less than half the error of a fifth held out), but where
that cannot be: some are held out then, and the run says why.
"""

from collections.abc import Mapping
from typing import Any

from experiments.runtime import usage
from experiments.runtime.compose import AUTO, CROSS_FIT, SHARE

UNSPOILT = "davinz_jax.data.keep_rows"
"""Target of the corruption that leaves the data as it is."""


def choose_holdout(settings: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """The configuration with a hold-out or folds in place of `auto`, and why it is no folds.

    Args:
        settings: plain, as composed; utility, kernel and semivalue may be `auto`.
    """
    data = settings["data"]
    if data.get("holdout") != AUTO:
        return {**settings}, ""
    reason = why_not_folds(settings)
    return {**settings, "data": data | {"holdout": SHARE if reason else CROSS_FIT}}, reason


def why_not_folds(settings: Mapping[str, Any]) -> str:
    """What stands against rows that judge each other; empty where nothing does."""
    utility = settings["utility"]
    is_ours = usage.kind_of(utility) in {*usage.REGRESSIONS, *usage.COSTS}
    if not is_ours and utility["_target_"] != AUTO:
        return "a utility of your own does not know folds"
    if settings["ntk"].get("num_blocks", 1) > 1:
        return "a kernel in blocks knows no pairs across them"
    if settings["corruption"]["_target_"] != UNSPOILT:
        return "rows corrupted on purpose are not to judge others"
    if settings["data"].get("num_validation_rows") is not None:
        return "their number is given"
    return ""
