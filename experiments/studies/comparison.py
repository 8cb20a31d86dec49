"""Leave-one-out values of several methods against those of networks trained to convergence.

Everything is valued on the same rows and parties; the truth is the fall of the performance on
the validation set when a party's rows are left out of training, by accuracy (classes) and by loss.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from time import perf_counter
from typing import Any

import jax
import numpy as np
import pandas as pd

from davinz_jax import Ingredients, Valuation, leave_one_out
from davinz_jax.baselines import BaselineContext, validation_performance
from davinz_jax.evaluation import time_valuation
from experiments.report.estimates import (
    CORRELATION,
    CORRELATIONS,
    OverSeeds,
    figure,
    over_seeds,
    shown,
)
from experiments.report.plots_studies import estimates_figure
from experiments.runtime.compose import Components, function, plain
from experiments.runtime.protocols import Baseline, ScheduleFactory
from experiments.studies.base import Setting, StudyResult, checkpoint_folder

LABELS = {
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
TRUTHS = {"accuracy": "fall in accuracy", "loss": "rise of loss"}
OURS = "davinz"


@dataclass(frozen=True)
class Methods:
    """What is compared: baselines by name, and how networks are trained."""

    baselines: Mapping[str, Baseline]
    truth: ScheduleFactory
    training: ScheduleFactory


def methods(config: Mapping[str, Any]) -> Methods:
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
    chosen = methods(plain(setting.cfg))
    skipped: dict[str, str] = {}
    parts = [measure(setting, seed, chosen, skipped) for seed in setting.seeds]
    frame = pd.concat(parts, ignore_index=True)
    truths = [truth for truth in TRUTHS if truth in set(frame["method"])]
    names = [name for name in frame["method"].unique() if name not in TRUTHS]
    estimates = dict(_agreements(frame, names, truths, setting.level))
    seconds = {n: float(frame.loc[frame["method"] == n, "seconds"].min()) for n in names}
    return StudyResult(
        measurements=frame,
        headers=["method", *(f"Pearson, {t}" for t in truths), "Spearman", "seconds"],
        rows=[_row(estimates, name, truths, seconds[name]) for name in names],
        estimates=estimates,
        verdicts=_verdicts(estimates, seconds, truths[0]),
        figure=_figure(estimates, names, truths),
        details={"seconds_by_method": seconds, "skipped": skipped},
        notes=[f"{LABELS.get(name, name)} left out: {why}" for name, why in skipped.items()],
    )


def measure(setting: Setting, seed: int, chosen: Methods, skipped: dict[str, str]) -> pd.DataFrame:
    """One row a method and party; the truth is among the methods. Fills in what was refused."""
    components, stages = setting.components[seed], setting.stages
    with stages.stage("data"):
        rows = components.load(stages.progress)
    ingredients = components.context(rows, stages).ingredients
    with stages.stage("training-free values"):
        valuations = training_free(components, ingredients)
    with stages.stage("truth"):
        valuations |= truth(setting, components, ingredients, chosen)
    baselines, refused = rival(setting, components, ingredients, chosen)
    skipped |= refused
    valuations |= baselines
    return pd.concat([_frame(seed, n, v) for n, v in valuations.items()], ignore_index=True)


def training_free(components: Components, ingredients: Ingredients) -> dict[str, Valuation]:
    """DAVINZ, and kernel regression: each from one pass over the data, the time included."""
    utilities = {
        OURS: lambda: components.utility(ingredients),
        "kernel_regression": ingredients.kernel_regression,
    }
    return {
        name: time_valuation(lambda make=make: leave_one_out(make()))
        for name, make in utilities.items()
    }


def truth(
    setting: Setting, components: Components, ingredients: Ingredients, chosen: Methods
) -> dict[str, Valuation]:
    """Leave-one-out change of performance of networks trained until the loss settles."""
    task = ingredients.dataset.task
    context = BaselineContext(
        ingredients,
        key=jax.random.fold_in(components.keys["training"], 0),
        schedule=chosen.truth(task=task),
        folder=checkpoint_folder(setting),
        progress=setting.stages.progress,
    )
    metrics = ("accuracy", "loss") if task == "classification" else ("loss",)
    return {metric: validation_performance(context, metric=metric) for metric in metrics}


def rival(
    setting: Setting, components: Components, ingredients: Ingredients, chosen: Methods
) -> tuple[dict[str, Valuation], dict[str, str]]:
    """Values by every baseline, timed, and why those that refused did so.

    The network trained on all rows is trained once; its time counts for each that looks at it.
    """
    stages, task = setting.stages, ingredients.dataset.task
    context = BaselineContext(
        ingredients,
        key=jax.random.fold_in(components.keys["training"], 1),
        schedule=chosen.training(task=task),
        progress=stages.progress,
    )
    with stages.stage("training for baselines"):
        began = perf_counter()
        trained = context.trained
        seconds = perf_counter() - began
    valuations, refused = {}, {}
    for name, baseline in chosen.baselines.items():
        own = replace(context, trained_variables=trained)
        with stages.stage("baselines"):
            try:
                found = time_valuation(partial(baseline, own))
            except ValueError as error:
                refused[name] = str(error)
                continue
        asked = seconds if own.has_asked_for_training else 0.0
        valuations[name] = replace(found, seconds=found.seconds + asked)
    return valuations, refused


def _frame(seed: int, name: str, valuation: Valuation) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "seed": seed,
            "method": name,
            "player": valuation.players,
            "value": valuation.values,
            "seconds": valuation.seconds,
        }
    )


def _agreements(
    frame: pd.DataFrame, names: Sequence[str], truths: Sequence[str], level: float
) -> Iterator[tuple[str, OverSeeds]]:
    for target in truths:
        for name in names:
            pairs = list(_pairs(frame, name, target))
            for kind, measure_of in CORRELATIONS.items():
                found = [measure_of(x, y) for x, y in pairs]
                estimate = over_seeds(found, level=level, limits=CORRELATION)
                yield f"{kind} {name} {target}", estimate


def _pairs(frame: pd.DataFrame, name: str, target: str) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Values by method and by truth, in each seed that has both."""
    for _, part in frame.groupby("seed", sort=False):
        wide = part.pivot(index="player", columns="method", values="value")
        if name in wide:
            yield wide[name].to_numpy(), wide[target].to_numpy()


def _row(
    estimates: Mapping[str, OverSeeds], name: str, truths: Sequence[str], seconds: float
) -> list[str]:
    linear = [str(estimates[f"pearson {name} {target}"]) for target in truths]
    ranks = estimates[f"spearman {name} {truths[0]}"]
    return [LABELS.get(name, name), *linear, shown(ranks.mean), f"{seconds:.2g}"]


def _verdicts(
    estimates: Mapping[str, OverSeeds], seconds: Mapping[str, float], target: str
) -> list[str]:
    ours = estimates[f"pearson {OURS} {target}"]
    verdicts = [f"DAVINZ: Pearson {ours} with the {TRUTHS[target]}, from one kernel pass"]
    means = {
        name: estimates[f"pearson {name} {target}"].mean
        for name in ("log_size", "class_share", "mmd_alone")
        if name in seconds
    }
    reached = [f"{LABELS[n]} {figure(m)}" for n, m in means.items() if m is not None]
    rivals = [n for n, m in means.items() if m is not None and m >= (ours.mean or -1)]
    if reached:
        verdicts.append(f"predictors that look at next to nothing: {', '.join(reached)}")
    if rivals:
        names = ", ".join(LABELS[name] for name in rivals)
        verdicts.append(f"as good as DAVINZ here, or better: {names}")
    if "validation_performance" in seconds:
        ratio = seconds["validation_performance"] / seconds[OURS]
        verdicts.append(
            f"time: DAVINZ {figure(seconds[OURS])} s, VP "
            f"{figure(seconds['validation_performance'])} s, {figure(ratio)} times as long"
        )
    return verdicts


def _figure(estimates: Mapping[str, OverSeeds], names: Sequence[str], truths: Sequence[str]):
    groups = {
        TRUTHS[target]: {
            LABELS.get(name, name): estimates[f"pearson {name} {target}"] for name in names
        }
        for target in truths
    }
    return estimates_figure(groups, xlabel="Pearson correlation over parties")
