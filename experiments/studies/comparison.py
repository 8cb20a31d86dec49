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
from davinz_jax.baselines import (
    BaselineContext,
    leave_one_out_members,
    train_members,
    validation_performance,
)
from davinz_jax.baselines.retraining import Metric
from davinz_jax.evaluation import time_valuation
from davinz_jax.training.mapping import default_num_threads
from experiments.report.estimates import Estimates, Number, correlations
from experiments.report.plots_studies import estimates_figure
from experiments.report.tables import cell, digits
from experiments.runtime.compose import Components, function, plain
from experiments.runtime.context import Context
from experiments.runtime.protocols import Baseline, ScheduleFactory
from experiments.studies.base import Setting, StudyResult
from experiments.studies.parts import (
    num_draws,
    of_trainings,
    of_utility,
    seconds_by_method,
    settled_shares,
)

CAPTIONS = {
    "truth": "truth",
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
TRUTH = "truth"
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
        parts: what methods said of each coalition; filled in likewise.
    """

    baselines: Mapping[str, Baseline]
    truth: ScheduleFactory
    training: ScheduleFactory
    refusals: dict[str, str] = field(default_factory=dict)
    parts: list[pd.DataFrame] = field(default_factory=list)


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
    parts = pd.concat(methods.parts, ignore_index=True)
    settled = settled_shares(parts)
    return StudyResult(
        measurements=frame,
        headers=["method", *(f"Pearson, {t}" for t in truths), "Spearman", "seconds"],
        rows=[_row(estimates, name, truths, seconds[name]) for name in names],
        estimates=estimates,
        verdicts=[
            *_verdicts(estimates, seconds, truths[0]),
            *(
                f"{caption(name)}: {share:.0%} of networks settled"
                for name, share in settled.items()
            ),
        ],
        figure=_figure(estimates, names, truths),
        details={
            "seconds_by_method": seconds,
            "skipped": methods.refusals,
            "settled": settled,
            "draws": num_draws(parts),
            "draws_differ": explain_draws(setting),
        },
        notes=[f"{caption(name)} left out: {why}" for name, why in methods.refusals.items()],
        parts=parts,
    )


def explain_draws(setting: Setting) -> str:
    """Why not every method is a mean over the same number of draws of the network."""
    reason = "methods that look at one trained network take that of the first draw"
    asked, draws = setting.num_trainings, setting.cfg.num_initialisations
    if asked == draws:
        return reason
    return f"num_trainings={asked} was asked for beside num_initialisations={draws}; {reason}"


def caption(method: str) -> str:
    """A method as tables and figures name it."""
    return CAPTIONS.get(method, method)


def measure(setting: Setting, methods: Methods, seed: int) -> pd.DataFrame:
    """One row a method and party; the truth is among the methods."""
    components, stages = setting.components[seed], setting.stages
    context, begun = components.context(setting.load(seed), stages), len(methods.parts)
    with stages.stage("training-free values"):
        valuations = value_untrained(components, methods, context)
    with stages.stage("truth"):
        valuations |= value_truth(setting, methods, context)
    valuations |= value_baselines(setting, methods, context)
    for part in methods.parts[begun:]:
        part.insert(0, "seed", seed)
    return pd.concat([_frame(n, v) for n, v in valuations.items()], ignore_index=True)


def value_untrained(
    components: Components, methods: Methods, context: Context
) -> dict[str, Valuation]:
    """DAVINZ, and kernel regression: each from one pass over the data, the time included."""
    ingredients, members = context.ingredients, leave_one_out_members(context.parties)
    made = {
        OURS: partial(components.utility, ingredients),
        "kernel_regression": ingredients.kernel_regression,
    }
    found = {}
    for name, make in made.items():
        found[name] = time_valuation(lambda make=make: leave_one_out(make()))
        seconds = found[name].seconds
        methods.parts.append(of_utility(name, make(), members, context.parties, seconds=seconds))
    return found


def value_truth(setting: Setting, methods: Methods, context: Context) -> dict[str, Valuation]:
    """Leave-one-out change of performance of networks trained until the loss settles."""
    task = context.dataset.task
    given = _context(setting, methods.truth, context, stream=0)
    methods.parts.append(_trained_parts(TRUTH, given))
    metrics: tuple[Metric, ...] = ("loss",) if task == "regression" else ("accuracy", "loss")
    return {metric: validation_performance(given, metric=metric) for metric in metrics}


def _context(
    setting: Setting, schedule: ScheduleFactory, context: Context, *, stream: int
) -> BaselineContext:
    return BaselineContext(
        context.ingredients,
        key=jax.random.fold_in(context.keys["training"], stream),
        schedule=schedule(task=context.dataset.task),
        folder=setting.checkpoints,
        num_trainings=setting.num_trainings,
        progress=context.progress,
    )


def _trained_parts(method: str, given: BaselineContext) -> pd.DataFrame:
    """What networks achieve; those that were trained before are found in the folder."""
    members = leave_one_out_members(given.parties)
    return of_trainings(method, train_members(given, members), members, given.parties)


def value_baselines(setting: Setting, methods: Methods, context: Context) -> dict[str, Valuation]:
    """Values by every baseline that does not refuse its data, with the time it takes.

    The network trained on all rows is trained once; its time counts for each that looks at it.
    Retraining's is that of its networks, as many at a time as there are cores.
    """
    stage = setting.stages.stage
    given = _context(setting, methods.training, context, stream=1)
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
        if found.method == RETRAINING:
            valuations[name] = _keep_retraining(methods, name, found, own)
    return valuations


def _keep_retraining(
    methods: Methods, name: str, found: Valuation, given: BaselineContext
) -> Valuation:
    """Retraining with the time of all its networks, whichever run trained them; keeps its parts."""
    parts = _trained_parts(name, given)
    methods.parts.append(parts)
    seconds = seconds_by_method(parts)[name] / default_num_threads()
    return replace(found, seconds=seconds)


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
