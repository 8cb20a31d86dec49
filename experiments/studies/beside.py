"""What stands beside ν where parties are valued for a property: trained networks, and rivals.

Each gives values of the same parties by the same semivalue: `retrained`, the performance of
networks trained on a coalition; `kernel_regression`, what the network linearised at its start is
expected to reach; `rbf_ridge`, the same with a kernel of raw inputs, which looks at no network.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from davinz_jax import Valuation
from davinz_jax.baselines import BaselineContext, RetrainingUtility, leave_one_out_members
from davinz_jax.evaluation import time_valuation
from davinz_jax.types import Utility
from experiments.runtime.compose import Components, function, plain
from experiments.runtime.context import Context, Rows
from experiments.runtime.errors import InputError, nearest
from experiments.runtime.protocols import ScheduleFactory
from experiments.studies.base import Setting
from experiments.studies.parts import (
    Members,
    num_draws,
    of_trainings,
    of_utility,
    seconds_by_method,
    settled_shares,
)

VALUE = "value"
RETRAINED = "retrained"
CAPTIONS = {
    RETRAINED: "retrained networks",
    "kernel_regression": "kernel regression",
    "rbf_ridge": "RBF ridge",
}
"""What may stand beside, as tables and figures name it."""


@dataclass(frozen=True)
class Beside:
    """Who stands beside ν, and what all said of each coalition.

    Attributes:
        names: of `CAPTIONS`, in order.
        schedule: how networks are trained; None where none is.
        parts: rows as in `parts.py`, one frame a seed and method; filled in as values are found.
    """

    names: Sequence[str]
    schedule: ScheduleFactory | None
    parts: list[pd.DataFrame] = field(default_factory=list)

    def details(self) -> dict[str, Any]:
        """What result.json says of them: share of settled networks, draws, seconds of each."""
        parts = pd.concat(self.parts, ignore_index=True)
        return {
            "settled": settled_shares(parts),
            "draws": num_draws(parts),
            "seconds_by_method": seconds_by_method(parts),
        }


def compose_beside(setting: Setting) -> Beside:
    """Who stands beside, as configured.

    Raises:
        InputError: for a name that there is not.
    """
    config = plain(setting.cfg)
    for name in config["beside"]:
        if name not in CAPTIONS:
            raise InputError(f"beside: unknown choice {name!r}; {nearest(name, CAPTIONS)}")
    if RETRAINED not in config["beside"]:
        return Beside(config["beside"], None)
    return Beside(config["beside"], function("training", config["training"], ScheduleFactory))


def value_all(
    setting: Setting, beside: Beside, components: Components, rows: Rows, **about: Any
) -> tuple[Context, dict[str, Valuation]]:
    """The configured value of each party, and those of all who stand beside.

    Args:
        setting: of the study.
        beside: who stands beside; its `parts` grow.
        components: of one seed, perhaps with another network.
        rows: data and parties.
        **about: columns that tell these parts from others, such as the seed.
    """
    context = components.context(rows, setting.stages)
    found = {}
    for name, make in _makers(setting, beside, components, rows, context).items():
        with setting.stages.stage("values" if name == VALUE else CAPTIONS[name]):
            utility = make()
            found[name] = time_valuation(partial(components.value, context, utility))
        members = _members(found[name], context)
        part = _parts(name, utility, members, context, found[name].seconds)
        for place, (column, value) in enumerate(about.items()):
            part.insert(place, column, value)
        beside.parts.append(part)
    return context, {name: found[name] for name in (VALUE, *beside.names)}


def _makers(
    setting: Setting, beside: Beside, components: Components, rows: Rows, context: Context
) -> Mapping[str, Callable[[], Utility]]:
    """How each utility is made, in the order in which kernels serve those that follow."""
    tuned = replace(components, kernel=replace(components.kernel, ridge="auto"))
    rival = tuned.context(rows, setting.stages, beside=context.ingredients).ingredients
    makers: dict[str, Callable[[], Utility]] = {
        "kernel_regression": rival.kernel_regression,
        VALUE: partial(components.utility, context.ingredients),
        "rbf_ridge": partial(rival.kernel_regression, kernel="rbf"),
        RETRAINED: partial(_retraining, setting, beside, context),
    }
    return {name: make for name, make in makers.items() if name in (VALUE, *beside.names)}


def _retraining(setting: Setting, beside: Beside, context: Context) -> RetrainingUtility:
    assert beside.schedule is not None  # composed where networks are asked for
    given = BaselineContext(
        context.ingredients,
        key=context.keys["training"],
        schedule=beside.schedule(task=context.dataset.task),
        folder=setting.checkpoints,
        num_trainings=setting.num_trainings,
        progress=context.progress,
    )
    return RetrainingUtility(given)


def _members(valuation: Valuation, context: Context) -> Members:
    """The coalitions that values were made of: parties alone, or all and all but each."""
    if valuation.method == "standalone":
        return np.eye(len(context.parties), dtype=bool)
    return leave_one_out_members(context.parties)


def _parts(
    name: str, utility: Utility, members: Members, context: Context, seconds: float | None
) -> pd.DataFrame:
    if isinstance(utility, RetrainingUtility):
        by_training = list(zip(*utility.trainings(members), strict=True))
        return of_trainings(name, by_training, members, context.parties)
    return of_utility(name, utility, members, context.parties, seconds=seconds or 0.0)
