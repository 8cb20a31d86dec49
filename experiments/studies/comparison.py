"""Leave-one-out values of several methods against those of networks trained to convergence.

Everything is valued on the same rows and parties; the truth is the fall of the performance on
the validation set when a party's rows are left out of training, by accuracy (classes) and by loss.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from time import perf_counter
from typing import Any

import jax
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from davinz_jax import Valuation, leave_one_out
from davinz_jax.baselines import BaselineContext, validation_performance
from davinz_jax.evaluation import time_valuation
from experiments.report.estimates import Estimates, Number, correlations
from experiments.report.plots_studies import estimates_figure
from experiments.report.tables import cell, digits
from experiments.runtime.compose import Components, function, plain
from experiments.runtime.context import Context
from experiments.runtime.protocols import Baseline, ScheduleFactory
from experiments.studies.base import Setting, StudyResult

CAPTIONS = {
    "davinz": "DAVINZ",
    "kernel_regression": "kernel regression",
    "validation_performance": "VP (retraining)",
    "influence_lissa": "IF (LiSSA)",
    "influence_cg": "IF (CG)",
    "robust_volume": "robust volume",
    "knn_shapley": "KNN-Shapley",
    "random": "random",
    "log_size": "log size",
    "class_share": "class share",
    "mmd_alone": "MMD alone",
}
"""Methods as tables name them; one that is not here goes by its own name."""

TRUTHS = {"accuracy": "fall in accuracy", "loss": "rise of loss"}
OURS = "davinz"
RETRAINING = "validation_performance"
ALMOST_BLIND = ("log_size", "class_share", "mmd_alone")
"""Predictors that look at next to nothing."""


@dataclass(frozen=True)
class Methods:
    """What is compared, and what refused.

    Attributes:
        baselines: by name.
        truth: how networks of the truth are trained.
        training: how those of baselines are.
        refusals: why a baseline refused its data, by name; filled in as that happens.
    """

    baselines: Mapping[str, Baseline]
    truth: ScheduleFactory
    training: ScheduleFactory
    refusals: dict[str, str] = field(default_factory=dict)


def compose_methods(config: Mapping[str, Any]) -> Methods:
    """Instantiate the methods; a baseline that is null is left out."""
    return Methods(
        baselines={
            name: function(f"baselines.{name}", node, Baseline)
            for name, node in config["baselines"].items()
            if node is not None
        },
        truth=function("training", config["training"], ScheduleFactory),
        training=function("baseline_training", config["baseline_training"], ScheduleFactory),
    )


def run(setting: Setting) -> StudyResult:
    """Agreement of every method with the truth, and its time, over seeds."""
    methods = compose_methods(plain(setting.cfg))
    frame = setting.repeat(partial(measure, setting, methods))
    truths = [truth for truth in TRUTHS if truth in set(frame["method"])]
    names = [name for name in frame["method"].unique() if name not in TRUTHS]
    estimates = Estimates.of(_agreements(frame, names, truths), level=setting.level)
    seconds = {n: float(frame.loc[frame["method"] == n, "seconds"].min()) for n in names}
    return StudyResult(
        measurements=frame,
        headers=["method", *(f"Pearson, {t}" for t in truths), "Spearman", "seconds"],
        rows=[_row(estimates, name, truths, seconds[name]) for name in names],
        estimates=estimates,
        verdicts=list(_verdicts(estimates, seconds, truths[0])),
        figure=_figure(estimates, names, truths),
        details={"seconds_by_method": seconds, "skipped": methods.refusals},
        notes=[f"{caption(name)} left out: {why}" for name, why in methods.refusals.items()],
    )


def caption(method: str) -> str:
    """A method as tables and figures name it."""
    return CAPTIONS.get(method, method)


def measure(setting: Setting, methods: Methods, seed: int) -> pd.DataFrame:
    """One row a method and party; the truth is among the methods."""
    components, stages = setting.components[seed], setting.stages
    context = components.context(setting.load(seed), stages)
    with stages.stage("training-free values"):
        valuations = value_untrained(components, context)
    with stages.stage("truth"):
        valuations |= value_truth(setting, methods, context)
    valuations |= value_baselines(setting, methods, context)
    return pd.concat([_frame(n, v) for n, v in valuations.items()], ignore_index=True)


def value_untrained(components: Components, context: Context) -> dict[str, Valuation]:
    """DAVINZ, and kernel regression: each from one pass over the data, the time included."""
    ingredients = context.ingredients
    return {
        OURS: time_valuation(lambda: leave_one_out(components.utility(ingredients))),
        "kernel_regression": time_valuation(lambda: leave_one_out(ingredients.kernel_regression())),
    }


def value_truth(setting: Setting, methods: Methods, context: Context) -> dict[str, Valuation]:
    """Leave-one-out change of performance of networks trained until the loss settles."""
    task = context.dataset.task
    given = BaselineContext(
        context.ingredients,
        key=jax.random.fold_in(context.keys["training"], 0),
        schedule=methods.truth(task=task),
        folder=setting.checkpoints,
        progress=context.progress,
    )
    if task == "regression":
        return {"loss": validation_performance(given, metric="loss")}
    return {
        "accuracy": validation_performance(given, metric="accuracy"),
        "loss": validation_performance(given, metric="loss"),
    }


def value_baselines(setting: Setting, methods: Methods, context: Context) -> dict[str, Valuation]:
    """Values by every baseline that does not refuse its data, with the time it takes.

    The network trained on all rows is trained once; its time counts for each that looks at it.
    """
    stage = setting.stages.stage
    given = BaselineContext(
        context.ingredients,
        key=jax.random.fold_in(context.keys["training"], 1),
        schedule=methods.training(task=context.dataset.task),
        progress=context.progress,
    )
    with stage("training for baselines"):
        began = perf_counter()
        trained = given.trained
        seconds = perf_counter() - began
    valuations = {}
    for name, baseline in methods.baselines.items():
        own = replace(given, trained_variables=trained)
        with stage("baselines"):
            try:
                found = time_valuation(partial(baseline, own))
            except ValueError as error:
                methods.refusals[name] = str(error)
                continue
        more = seconds if own.has_asked_for_training else 0.0
        valuations[name] = replace(found, seconds=found.seconds + more)
    return valuations


def _frame(name: str, valuation: Valuation) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "method": name,
            "player": valuation.players,
            "value": valuation.values,
            "seconds": valuation.seconds,
        }
    )


def _agreements(
    frame: pd.DataFrame, names: Sequence[str], truths: Sequence[str]
) -> Iterator[Number]:
    """Correlations of every method with every truth, in each seed that has both."""
    for seed, part in frame.groupby("seed", sort=False):
        values = part.pivot(index="player", columns="method", values="value")
        for truth in truths:
            for name in (name for name in names if name in values):
                arrays = (values[column].to_numpy(np.float64) for column in (name, truth))
                yield from correlations(name, truth, seed, *arrays)


def _row(estimates: Estimates, name: str, truths: Sequence[str], seconds: float) -> list[str]:
    linear = [str(estimates.get("pearson", name, truth)) for truth in truths]
    ranks = estimates.get("spearman", name, truths[0])
    return [caption(name), *linear, cell(ranks.mean), f"{seconds:.2g}"]


def _verdicts(estimates: Estimates, seconds: Mapping[str, float], truth: str) -> Iterator[str]:
    ours = estimates.get("pearson", OURS, truth)
    yield f"DAVINZ: Pearson {ours} with the {TRUTHS[truth]}, from one kernel pass"
    blind = {
        name: estimates.get("pearson", name, truth).mean for name in ALMOST_BLIND if name in seconds
    }
    defined = {name: mean for name, mean in blind.items() if mean is not None}
    if defined:
        reached = ", ".join(f"{caption(name)} {digits(mean)}" for name, mean in defined.items())
        yield f"predictors that look at next to nothing: {reached}"
    rivals = [caption(name) for name, mean in defined.items() if mean >= (ours.mean or -1)]
    if rivals:
        yield f"as good as DAVINZ here, or better: {', '.join(rivals)}"
    if RETRAINING in seconds:
        slow, fast = seconds[RETRAINING], seconds[OURS]
        yield (
            f"time: DAVINZ {digits(fast)} s, VP {digits(slow)} s, {digits(slow / fast)} times as "
            "long"
        )


def _figure(estimates: Estimates, names: Sequence[str], truths: Sequence[str]) -> Figure:
    panels = {
        TRUTHS[truth]: {caption(name): estimates.get("pearson", name, truth) for name in names}
        for truth in truths
    }
    return estimates_figure(panels, xlabel="Pearson correlation over parties")
