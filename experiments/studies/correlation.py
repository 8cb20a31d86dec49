"""Scores of bootstrap data sets against the test performance of networks trained on them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float

from davinz_jax.data import bootstrap
from davinz_jax.evaluation import bootstrap_items, spearman
from davinz_jax.training import CoalitionPerformance, Schedule, train_coalitions
from experiments.report.estimates import CORRELATION, CORRELATIONS, OverSeeds, over_seeds
from experiments.report.plots_studies import scatter_figure
from experiments.runtime.compose import function, plain
from experiments.runtime.context import Context
from experiments.runtime.errors import InputError
from experiments.runtime.protocols import ScheduleFactory
from experiments.studies.base import Setting, StudyResult, checkpoint_folder
from experiments.studies.set_scores import set_scores

LEAST_SETS = 4
LABELS = {
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
NOT_SCORES = ("seed", "set", "num_rows", "epochs", "converged", "accuracy", "minus_loss")


def run(setting: Setting) -> StudyResult:
    """Correlations of every score with the trained networks' performance, over seeds."""
    if setting.cfg.num_sets < LEAST_SETS:
        raise InputError(
            f"num_sets: wanted at least {LEAST_SETS}, got {setting.cfg.num_sets}; the paper has 200"
        )
    schedule = function("training", plain(setting.cfg)["training"], ScheduleFactory)
    parts = [measure(setting, seed, schedule) for seed in setting.seeds]
    frame = pd.concat(parts, ignore_index=True)
    scores = [c for c in frame.columns if c not in NOT_SCORES]
    truths = [c for c in ("accuracy", "minus_loss") if c in frame.columns]
    estimates = dict(_estimates(frame, scores, truths, setting.level))
    return StudyResult(
        measurements=frame,
        headers=["score", *(f"Spearman, {t}" for t in truths), "given size"],
        rows=[_row(estimates, score, truths) for score in scores],
        estimates=estimates,
        verdicts=_verdicts(estimates, truths[0]),
        figure=scatter_figure(frame, scores, truths[0], labels=LABELS),
        details={
            "sets": setting.cfg.num_sets,
            "converged": np.mean(frame["converged"].to_numpy()),
            "intervals_within_seeds": _within_seeds(setting, frame, scores, truths[0]),
        },
    )


def measure(setting: Setting, seed: int, schedule: ScheduleFactory) -> pd.DataFrame:
    """One row a data set: its scores, and what a network trained on it achieves."""
    components, stages = setting.components[seed], setting.stages
    with stages.stage("data"):
        rows = components.load(stages.progress)
        key = components.keys["semivalue"]
        counts = bootstrap(rows.dataset, num=setting.cfg.num_sets, key=key)
    context = components.context(rows, stages)
    with stages.stage("scores"):
        scores = set_scores(context.ingredients, counts, progress=stages.progress)
    with stages.stage("training"):
        trained = _trained(setting, context, counts, schedule(task=rows.dataset.task))
    columns: dict[str, Any] = {"seed": seed, "set": range(len(counts)), "num_rows": counts.sum(1)}
    columns |= scores
    columns["minus_loss"] = [-result.performance.loss for result in trained]
    if rows.dataset.task == "classification":
        columns["accuracy"] = [result.performance.accuracy for result in trained]
    columns["epochs"] = [result.epochs for result in trained]
    columns["converged"] = [result.converged for result in trained]
    return pd.DataFrame(columns)


def _trained(
    setting: Setting, context: Context, counts, schedule: Schedule
) -> list[CoalitionPerformance]:
    rows = np.arange(len(context.dataset))
    return train_coalitions(
        context.ingredients.model,
        context.ingredients.initialisations[0],
        context.dataset,
        [np.repeat(rows, each) for each in counts],
        schedule=schedule,
        key=context.keys["training"],
        folder=checkpoint_folder(setting),
        progress=context.progress,
    )


def partial_spearman(
    x: Float[np.ndarray, " n"], y: Float[np.ndarray, " n"], given: Float[np.ndarray, " n"]
) -> float:
    """Rank correlation of x and y that their rank correlations with a third leave over.

    NaN where one of them says all that the third does.
    """
    xy, xz, yz = spearman(x, y), spearman(x, given), spearman(y, given)
    rest = (1 - xz**2) * (1 - yz**2)
    return (xy - xz * yz) / np.sqrt(rest) if rest > 1e-12 else float("nan")


def _estimates(
    frame: pd.DataFrame, scores: Sequence[str], truths: Sequence[str], level: float
) -> Iterator[tuple[str, OverSeeds]]:
    by_seed = [part for _, part in frame.groupby("seed", sort=False)]
    for truth in truths:
        for score in scores:
            for name, measure_of in CORRELATIONS.items():
                found = [measure_of(p[score].to_numpy(), p[truth].to_numpy()) for p in by_seed]
                yield f"{name} {score} {truth}", over_seeds(found, level=level, limits=CORRELATION)
            partial = [_given_size(part, score, truth) for part in by_seed]
            name = f"spearman_given_size {score} {truth}"
            yield name, over_seeds(partial, level=level, limits=CORRELATION)


def _given_size(part: pd.DataFrame, score: str, truth: str) -> float:
    return partial_spearman(*(part[c].to_numpy(np.float64) for c in (score, truth, "num_rows")))


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


def _row(estimates: Mapping[str, OverSeeds], score: str, truths: Sequence[str]) -> list[str]:
    found = [estimates[f"spearman {score} {truth}"] for truth in truths]
    given = estimates[f"spearman_given_size {score} {truths[0]}"]
    return [LABELS.get(score, score), *map(str, found), "-" if score == "log_size" else str(given)]


def _verdicts(estimates: Mapping[str, OverSeeds], truth: str) -> list[str]:
    """Each kind of score beside log size alone, which any score must beat."""
    size = estimates[f"spearman log_size {truth}"]
    verdicts = [f"log size alone tracks {LABELS[truth]} at Spearman {size}"]
    for score in ("nu_label", "nu_trace", "nu_scalar", "kernel_regression_accuracy",
                  "kernel_regression_mse"):  # fmt: skip
        found = estimates.get(f"spearman {score} {truth}")
        if found is not None:
            verdicts.append(f"{LABELS[score]}: Spearman {found}; {_beside(found, size)}")
    return verdicts


def _beside(found: OverSeeds, size: OverSeeds) -> str:
    pairs = [(a, b) for a, b in zip(found.each, size.each, strict=True) if None not in (a, b)]
    better = sum(a > b for a, b in pairs)  # pyright: ignore
    return f"better than log size in {better} of {len(pairs)} seeds"
