"""What values by validation row are wanted of: refused by name before anything is computed."""

import inspect
from collections.abc import Mapping
from functools import partial
from typing import Any

from davinz_jax.utility.row_scores import MEANS
from experiments.runtime import compose, protocols, usage
from experiments.runtime.errors import InputError

OPTION = "per_validation_row"


def refuse(settings: Mapping[str, Any]) -> None:
    """Refuse values by validation row of a run that has none.

    Args:
        settings: of every group, nothing in it left to be chosen.

    Raises:
        InputError: for a utility or metric that is no mean over validation rows, or a semivalue
            that keeps none by row.
    """
    kind, metric = usage.kind_of(settings["utility"]), settings["utility"].get("metric")
    if kind in usage.COSTS:
        raise InputError(
            f"{OPTION}: wanted a utility that is a mean over validation rows, got utility={kind}; "
            "set utility=kernel_regression, or leave it out"
        )
    if kind == "kernel_regression" and metric is not None and metric not in MEANS:
        raise InputError(
            f"{OPTION}: wanted a metric that is a mean over validation rows ({', '.join(MEANS)}), "
            f"got utility.metric={metric}; set utility.metric=soft_accuracy, or leave it out"
        )
    semivalue = compose.function("semivalue", settings["semivalue"], protocols.Semivalue)
    if OPTION not in inspect.signature(_innermost(semivalue)).parameters:
        raise InputError(
            f"{OPTION}: wanted a semivalue that keeps values by validation row, got "
            f"semivalue={_innermost(semivalue).__name__}; set semivalue=shapley, leave_one_out, "
            "banzhaf or beta_shapley, or leave it out"
        )


def _innermost(function: Any) -> Any:
    """What is called in the end, below functions whose arguments are partly given."""
    return _innermost(function.func) if isinstance(function, partial) else function
