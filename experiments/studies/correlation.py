"""Scores of bootstrap data sets against the test performance of networks trained on them."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import jax
import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from davinz_jax.data import bootstrap
from davinz_jax.evaluation import bootstrap_items, spearman
from davinz_jax.training import CoalitionPerformance, Schedule, train_coalitions
from davinz_jax.training.mapping import default_num_threads
from davinz_jax.types import Task
from experiments.report.estimates import GIVEN_SIZE, Estimates, Number, OverSeeds, correlations
from experiments.report.plots_studies import scatter_figure
from experiments.runtime.compose import function, plain
from experiments.runtime.context import Context
from experiments.runtime.errors import InputError
from experiments.runtime.protocols import ScheduleFactory
from experiments.studies.base import Setting, StudyResult
from experiments.studies.set_scores import set_scores

LEAST_SETS = 4
CAPTIONS = {
    "nu_label": "ν (label)",
    "nu_trace": "ν (trace)",
    "nu_scalar": "ν (scalar)",
    "complexity_label": "complexity (label)",
    "complexity_trace": "complexity (trace)",
    "complexity_scalar": "complexity (scalar)",
    "kernel_regression_accuracy": "kernel regression, accuracy",
    "kernel_regression_mse": "kernel regression, -MSE",
    "mmd": "MMD alone",
    "log_size": "log size alone",
    "accuracy": "test accuracy",
    "minus_loss": "minus test loss",
}
NOT_SCORES = (
    "seed",
    "set",
    "num_rows",
    "accuracy",
    "minus_loss",
    "epochs",
    "settled",
    "seconds",
)
MAIN_SCORES = (
    "nu_label",
    "nu_trace",
    "nu_scalar",
    "kernel_regression_accuracy",
    "kernel_regression_mse",
)
"""Scores that a sentence is printed for."""


def run(setting: Setting) -> StudyResult:
    """Correlations of every score with the trained networks' performance, over seeds."""
    check_sets(setting.cfg.num_sets)
    schedule = function("training", plain(setting.cfg)["training"], ScheduleFactory)
    frame = setting.repeat(partial(measure, setting, schedule))
    scores, truths = find_scores(frame), find_truths(frame)
    estimates = Estimates.of(_agreements(frame, scores, truths), level=setting.level)
    return StudyResult(
        measurements=frame,
        headers=["score", *(f"Spearman, {t}" for t in truths), "given size"],
        rows=[_row(estimates, score, truths) for score in scores],
        estimates=estimates,
        verdicts=list(_verdicts(estimates, scores, truths[0])),
        figure=scatter_figure(frame, scores, truths[0], captions=CAPTIONS),
        details={
            "sets": setting.cfg.num_sets,
            "settled": np.mean(frame["settled"].to_numpy()),
            "draws": {"scores": setting.cfg.num_initialisations, "truth": setting.num_trainings},
            "networks_per_minute": _networks_per_minute(setting, frame),
            "intervals_within_seeds": _within_seeds(setting, frame, scores, truths[0]),
        },
    )


def check_sets(num_sets: int) -> None:
    """Refuse too few data sets for a correlation."""
    if num_sets < LEAST_SETS:
        raise InputError(
            f"num_sets: wanted at least {LEAST_SETS}, got {num_sets}; the paper has 200"
        )


def find_scores(frame: pd.DataFrame) -> list[str]:
    """The columns of a table of measurements that are scores."""
    return [column for column in frame.columns if column not in NOT_SCORES]


def find_truths(frame: pd.DataFrame) -> list[str]:
    """The columns that say what trained networks achieved, the first one first."""
    return [column for column in ("accuracy", "minus_loss") if column in frame.columns]


def measure(setting: Setting, schedule: ScheduleFactory, seed: int) -> pd.DataFrame:
    """One row a data set: its scores, and what a network trained on it achieves."""
    components, stages = setting.components[seed], setting.stages
    rows = setting.load(seed)
    counts = bootstrap(rows.dataset, num=setting.cfg.num_sets, key=components.keys["semivalue"])
    context = components.context(rows, stages)
    with stages.stage("scores"):
        scores = set_scores(context.ingredients, counts, progress=stages.progress)
    with stages.stage("training"):
        trained = _train_sets(setting, context, counts, schedule(task=rows.dataset.task))
    columns: dict[str, Any] = {"set": range(len(counts)), "num_rows": counts.sum(axis=1)}
    columns |= scores
    return pd.DataFrame(columns | mean_performances(trained, rows.dataset.task))


def mean_performances(
    trained: Sequence[Sequence[CoalitionPerformance]], task: Task
) -> dict[str, Float[np.ndarray, " c"]]:
    """What networks trained on each set achieve, means over trainings; seconds are of all."""

    def mean(read: Callable[[CoalitionPerformance], Any]) -> Float[np.ndarray, " c"]:
        return np.mean([[read(fit) for fit in training] for training in trained], axis=0)

    found = {"minus_loss": mean(lambda fit: -fit.performance.loss)}
    if task == "classification":
        found["accuracy"] = mean(lambda fit: fit.performance.accuracy)
    return found | {
        "epochs": mean(lambda fit: fit.epochs),
        "settled": mean(lambda fit: fit.converged),
        "seconds": mean(lambda fit: fit.seconds) * len(trained),
    }


def _networks_per_minute(setting: Setting, frame: pd.DataFrame) -> float:
    """Networks trained a minute, as many at a time as there are cores."""
    seconds = float(np.sum(frame["seconds"].to_numpy())) / default_num_threads()
    return 60 * len(frame) * setting.num_trainings / max(seconds, 1e-9)


def _train_sets(
    setting: Setting, context: Context, counts: Int[np.ndarray, "c n"], schedule: Schedule
) -> list[list[CoalitionPerformance]]:
    """One list a training, each from the next draw of the network."""
    rows, draws = np.arange(len(context.dataset)), context.ingredients.initialisations
    sets = [np.repeat(rows, each) for each in counts]
    return [
        train_coalitions(
            context.ingredients.module,
            draws[training % len(draws)],
            context.dataset,
            sets,
            schedule=schedule,
            key=jax.random.fold_in(context.keys["training"], training),
            folder=setting.checkpoints,
            progress=context.progress,
        )
        for training in range(setting.num_trainings)
    ]


def partial_spearman(
    x: Float[np.ndarray, " n"], y: Float[np.ndarray, " n"], given: Float[np.ndarray, " n"]
) -> float:
    """Rank correlation of x and y that their rank correlations with a third leave over.

    NaN where one of them says all that the third does.
    """
    xy, xz, yz = spearman(x, y), spearman(x, given), spearman(y, given)
    rest = (1 - xz**2) * (1 - yz**2)
    return (xy - xz * yz) / np.sqrt(rest) if rest > 1e-12 else float("nan")


def _agreements(
    frame: pd.DataFrame, scores: Sequence[str], truths: Sequence[str]
) -> Iterator[Number]:
    for seed, part in frame.groupby("seed", sort=False):
        columns = {name: part[name].to_numpy(np.float64) for name in (*scores, *truths, "num_rows")}
        for truth in truths:
            for score in scores:
                pair = columns[score], columns[truth]
                yield from correlations(score, truth, seed, *pair)
                left_over = partial_spearman(*pair, columns["num_rows"])
                yield Number(GIVEN_SIZE, score, truth, seed, left_over)


def _within_seeds(
    setting: Setting, frame: pd.DataFrame, scores: Sequence[str], truth: str
) -> dict[str, Any]:
    """Spearman correlation of each seed with a bootstrap interval over its sets."""
    found: dict[str, Any] = {}
    for score in scores:
        for seed, part in frame.groupby("seed", sort=False):
            estimate = bootstrap_items(
                spearman,
                part[score].to_numpy(),
                part[truth].to_numpy(),
                key=setting.components[int(str(seed))].keys["parties"],
                num_resamples=setting.cfg.num_bootstrap,
                level=setting.level,
            )
            limits = [estimate.value, estimate.low, estimate.high]
            found.setdefault(score, {})[str(seed)] = [x if np.isfinite(x) else None for x in limits]
    return found


def _row(estimates: Estimates, score: str, truths: Sequence[str]) -> list[str]:
    found = [str(estimates.get("spearman", score, truth)) for truth in truths]
    given = estimates.get(GIVEN_SIZE, score, truths[0])
    return [CAPTIONS.get(score, score), *found, "-" if score == "log_size" else str(given)]


def _verdicts(estimates: Estimates, scores: Sequence[str], truth: str) -> Iterator[str]:
    """Each kind of score beside log size alone, which any score must beat."""
    size = estimates.get("spearman", "log_size", truth)
    yield f"log size alone tracks {CAPTIONS[truth]} at Spearman {size}"
    for score in MAIN_SCORES:
        if score in scores:
            found = estimates.get("spearman", score, truth)
            yield f"{CAPTIONS[score]}: Spearman {found}; {_compare(found, size)}"


def _compare(found: OverSeeds, size: OverSeeds) -> str:
    pairs = [(a, b) for a, b in zip(found.each, size.each, strict=True) if None not in (a, b)]
    better = sum(a > b for a, b in pairs)  # pyright: ignore
    return f"better than log size in {better} of {len(pairs)} seeds"
