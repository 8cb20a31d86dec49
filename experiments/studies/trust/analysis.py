"""How well each score orders the sets of a run as trained networks do, and what follows."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from davinz_jax.evaluation import Estimate, compare_scores, ordered_pairs, spearman
from davinz_jax.types import PRNGKey, Task
from experiments.report.tables import two_digits
from experiments.studies.trust.deals import NUM_SETS
from experiments.studies.trust.measure import FIRST_SEEDS, Measured
from experiments.studies.trust.rule import ADVICE, FAR_APART, LEAST_SETS, Ground, Verdict, judge
from experiments.studies.trust.scores import KNN, LINEAR, SET_SCORE, SIZE, UTILITY, Scorer
from experiments.studies.trust.sets import CLEAN
from experiments.studies.trust.skill import BEYOND

NUM_RESAMPLES = 2_000

NUM_PARTS = 5
"""Parts of equal counts, by a score, that sets are calibrated in."""

FEW = 5
"""Sets of a kind from which their order says something."""

Columns = Mapping[str, Float[np.ndarray, " s"]]


def table_of(measured: Sequence[Measured], scorer: Scorer) -> dict[str, Float[np.ndarray, " s"]]:
    """Every score of every set, larger better."""
    terms = np.array([each.scores["terms"] for each in measured])
    names = [n for n in (SET_SCORE, KNN, LINEAR, SIZE) if all(n in e.scores for e in measured)]
    columns = {name: np.array([each.scores[name] for each in measured]) for name in names}
    return {UTILITY: scorer.weigh(terms)} | columns


def accuracies(measured: Sequence[Measured]) -> Float[np.ndarray, " s"]:
    """Mean accuracy of the networks of each set."""
    return np.array([np.mean([one.accuracy for one in each.achieved]) for each in measured])


def skills(measured: Sequence[Measured]) -> Float[np.ndarray, " s"]:
    """Mean of what is beyond label frequencies, of the networks of each set."""
    return np.array([np.mean([one.skill.value for one in each.achieved]) for each in measured])


def find_ground(measured: Sequence[Measured], *, level: float, key: PRNGKey) -> Ground:
    """What the networks show before any score is looked at.

    Args:
        measured: sets of which at least one is of random rows as they are.
        level: coverage of the interval.
        key: draws the resamples.
    """
    clean = [each for each in measured if each.kind == CLEAN]
    pairs = [[one.accuracy for one in each.achieved[:FIRST_SEEDS]] for each in measured]
    first, second = np.array(pairs).T
    again = _spearmans({"again": second}, first, places_of_deals(len(measured)), level, key)
    return Ground.of([one.skill for each in clean for one in each.achieved], again["again"])


def agree(
    columns: Columns,
    accuracy: Float[np.ndarray, " s"],
    skill: Float[np.ndarray, " _"],
    ground: Ground,
    *,
    level: float,
    key: PRNGKey,
) -> dict[str, dict[str, Any]]:
    """Of each score: Spearman with accuracy and with skill, pairs in order, verdict, calibration.

    Args:
        columns: scores of the sets.
        accuracy: of the networks of each set, in the mean.
        skill: what of it is beyond label frequencies.
        ground: what the networks show.
        level: coverage of the intervals; resamples are of partings, and of the sets of each.
        key: draws the resamples.
    """
    deals = places_of_deals(len(accuracy))
    spearmans, beyond = (
        _spearmans(columns, truth, deals, level, key) for truth in (accuracy, skill)
    )
    return {
        name: {
            "spearman": spearmans[name],
            "spearman_with_skill": beyond[name],
            "ordered_pairs": _pairs(score, accuracy, deals),
            "verdict": str(judge(spearmans[name], beyond[name], ground)),
            "calibration": calibrate(score, accuracy),
        }
        for name, score in columns.items()
    }


def places_of_deals(num_sets: int) -> list[Int[np.ndarray, " d"]]:
    """Sets of each parting of the rows; a last one of too few sets is left out."""
    found = [
        np.arange(start, min(start + NUM_SETS, num_sets)) for start in range(0, num_sets, NUM_SETS)
    ]
    return [deal for at, deal in enumerate(found) if at == 0 or len(deal) >= LEAST_SETS]


def _spearmans(
    columns: Columns, truth: Any, deals: Sequence[Any], level: float, key: PRNGKey
) -> dict[str, list[float]]:
    """Mean over partings of each score's Spearman, and its limits."""
    names, scores = list(columns), np.stack(list(columns.values()))
    agreement = compare_scores(
        names, [scores[:, deal] for deal in deals], [truth[deal] for deal in deals],
        key=key, num_resamples=NUM_RESAMPLES, of_draws=True,
    )  # fmt: skip
    return {name: _numbers(agreement.mean(name, level=level)) for name in names}


def _numbers(estimate: Estimate) -> list[float]:
    return [float(each) for each in (estimate.value, estimate.low, estimate.high)]


def _pairs(score: Any, accuracy: Any, deals: Sequence[Any]) -> float | None:
    """Mean over partings of the share of pairs in order; None where no two sets differ."""
    found = [ordered_pairs(score[deal], accuracy[deal]) for deal in deals]
    return None if np.isnan(found).any() else float(np.mean(found))


def calibrate(
    score: Float[np.ndarray, " s"], accuracy: Float[np.ndarray, " _"]
) -> list[dict[str, float]]:
    """Mean score and mean accuracy of parts of equal counts, the lowest scores first."""
    parts = np.array_split(np.argsort(score, kind="stable"), NUM_PARTS)
    return [
        {"score": float(score[part].mean()), "accuracy": float(accuracy[part].mean()),
         "num_sets": len(part)}
        for part in parts
    ]  # fmt: skip


def by_kind(
    kinds: Sequence[str], score: Float[np.ndarray, " s"], accuracy: Float[np.ndarray, " _"]
) -> list[dict[str, Any]]:
    """What networks achieve on sets of each kind, and how a score orders these alone.

    Partings are taken together; of fewer than five sets, or equal numbers, there is no order.
    """
    found = []
    for kind in dict.fromkeys(kinds):
        own = np.flatnonzero(np.array(kinds) == kind)
        order = spearman(score[own], accuracy[own]) if len(own) >= FEW else np.nan
        found.append(
            {"kind": kind, "num_sets": len(own), "accuracy": float(accuracy[own].mean()),
             "lowest": float(accuracy[own].min()), "highest": float(accuracy[own].max()),
             "spearman": None if np.isnan(order) else float(order)}
        )  # fmt: skip
    return found


def say(
    score: Mapping[str, Any],
    ground: Ground,
    named: str,
    task: Task,
    *,
    num_sets: int,
    num_networks: int,
) -> str:
    """What follows for a score, in one sentence.

    Args:
        score: what `agree` gives for it.
        ground: what the networks show.
        named: the score, in words.
        task: what targets are.
        num_sets: how many were looked at.
        num_networks: trained on them.
    """
    verdict = Verdict(score["verdict"])
    advice = ADVICE[verdict]
    text = f"{advice[:1].upper()}{advice[1:]}: "
    if not (ground.learns and ground.repeats):
        return f"{text}{_why_no_ground(ground, task)}."
    value, low, high = map(two_digits, score["spearman"])
    truth = "R²" if task == "regression" else "accuracy"
    text += (
        f"{named} ordered {num_sets} sets of these data with Spearman {value} ({low} to {high}) "
        f"as the {truth} of {num_networks} trained networks did"
    )
    if score["spearman"][1] >= FAR_APART and score["spearman_with_skill"][1] <= 0:
        return f"{text}, but by {BEYOND[task]} no better than at random."
    if verdict is not Verdict.believe and score["spearman"][0] >= 0.7:
        text += "; more time may narrow the interval (minutes)"
    return f"{text}."


def _why_no_ground(ground: Ground, task: Task) -> str:
    if not ground.learns:
        skill, error = two_digits(ground.skill), two_digits(ground.error)
        return (
            "networks trained on random rows of these data tell the targets of others no better "
            f"than chance ({skill} of {BEYOND[task]}, where chance alone has an error of "
            f"{error}), so that there is nothing to be foretold"
        )
    again = two_digits(ground.again[0])
    return (
        f"two trainings of the same sets agree no better than chance (Spearman {again}), so that "
        "there is no order to be foretold"
    )
