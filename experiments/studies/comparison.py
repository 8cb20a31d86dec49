"""Leave-one-out values of several methods against those of networks trained to convergence.

Everything is valued on the same rows and parties; the truth is the fall of the target performance
when a party's rows are left out of training, by accuracy (classes) and by loss.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

import jax
import numpy as np
import pandas as pd
from hydra.utils import instantiate

from davinz_jax import Ingredients, Valuation, leave_one_out
from davinz_jax.baselines import validation_performance
from davinz_jax.models import features
from davinz_jax.training import train
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
from experiments.runtime.protocols import ScheduleFactory
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

    baselines: Mapping[str, Callable[..., Valuation]]
    truth: ScheduleFactory
    training: ScheduleFactory


def methods(config: Mapping[str, Any]) -> Methods:
    """Instantiate the methods; a baseline that is null is left out."""
    named = {name: node for name, node in config["baselines"].items() if node is not None}
    return Methods(
        baselines={name: instantiate(node, _convert_="all") for name, node in named.items()},
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
        valuations = dict(training_free(components, ingredients))
    with stages.stage("truth"):
        valuations |= truth(setting, components, ingredients, chosen)
    available = trained_once(setting, components, ingredients, chosen)
    for name, baseline in chosen.baselines.items():
        with stages.stage("baselines"):
            try:
                valuations[name] = _called(baseline, available)
            except ValueError as error:
                skipped[name] = str(error)
    return pd.concat([_frame(seed, n, v) for n, v in valuations.items()], ignore_index=True)


def _called(baseline: Callable[..., Valuation], available: Mapping[str, Any]) -> Valuation:
    """A baseline's values, from what its signature asks for."""
    given = getattr(baseline, "keywords", {})
    wanted = inspect.signature(baseline).parameters.keys() - given.keys()
    return baseline(**{name: each for name, each in available.items() if name in wanted})


def training_free(
    components: Components, ingredients: Ingredients
) -> Iterator[tuple[str, Valuation]]:
    """DAVINZ, and kernel regression: each from one pass over the data, the time included."""
    for name, make in (
        (OURS, lambda: components.utility(ingredients)),
        ("kernel_regression", ingredients.kernel_regression),
    ):
        began = perf_counter()
        valuation = leave_one_out(make())
        yield name, replace(valuation, seconds=perf_counter() - began)


def truth(
    setting: Setting, components: Components, ingredients: Ingredients, chosen: Methods
) -> dict[str, Valuation]:
    """Leave-one-out change of performance of networks trained until the loss settles."""
    data = ingredients.dataset
    metrics = ["accuracy", "loss"] if data.task == "classification" else ["loss"]
    return {
        metric: validation_performance(
            ingredients.model,
            ingredients.initialisations[0],
            data,
            ingredients.parties,
            key=jax.random.fold_in(components.keys["training"], 0),
            schedule=chosen.truth(task=data.task),
            metric=metric,  # pyright: ignore
            folder=checkpoint_folder(setting),
            progress=setting.stages.progress,
        )
        for metric in metrics
    }


def trained_once(
    setting: Setting, components: Components, ingredients: Ingredients, chosen: Methods
) -> dict[str, Any]:
    """What baselines may ask for: the data, and a network trained on all of it with its time."""
    data, model, start = ingredients.dataset, ingredients.model, ingredients.initialisations[0]
    key = jax.random.fold_in(components.keys["training"], 1)
    schedule = chosen.training(task=data.task)
    began = perf_counter()
    with setting.stages.stage("training for baselines"):
        trained = train(
            model, start, data, schedule=schedule, key=key, progress=setting.stages.progress
        ).variables
        seen = _seen(ingredients, trained)
    return {
        "module": model,
        "variables": start,
        "trained": trained,
        "features": seen,
        "dataset": data,
        "parties": ingredients.parties,
        "schedule": schedule,
        "bandwidth": ingredients.discrepancy().bandwidths[0],
        "key": key,
        "seconds": perf_counter() - began,
        "progress": setting.stages.progress,
    }


def _seen(ingredients: Ingredients, trained: Any) -> np.ndarray:
    """Logits of all rows, or for regression the inputs of the last layer."""
    inputs = ingredients.dataset.inputs
    if ingredients.dataset.task == "regression":
        return np.asarray(features(ingredients.model, trained, inputs))
    parts = np.array_split(inputs, -(-len(inputs) // 256))
    return np.concatenate([np.asarray(ingredients.apply(trained, part)) for part in parts])


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
