"""What the sets of a run say: correlations with intervals, pairs, kinds, and the score chosen.

The choice is made on choosing draws alone: of the scores that can be a utility, the one with the
largest mean there, once among those that use validation labels and once among those that do not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
import pandas as pd
from scipy.stats import rankdata

from davinz_jax.evaluation import (
    Agreement,
    Estimate,
    compare_scores,
    ordered_pairs,
    split_half_reliability,
)
from davinz_jax.types import PRNGKey
from experiments.studies.fidelity.scores import LABEL_FREE, LABELLED, SCORES

REFERENCES = ("knn_1", "knn_5", "rbf_accuracy_loo")
"""Scores that every other is compared with."""

NO_UTILITIES = ("mean_rank",)
"""Scores that only exist relative to the other sets."""


@dataclass(frozen=True)
class Role:
    """Draws of one role.

    Attributes:
        draws: names.
        parts: the sets of each draw.
        agreement: of all scores with the accuracy of trained networks.
    """

    draws: tuple[str, ...]
    parts: tuple[pd.DataFrame, ...]
    agreement: Agreement


def agree(frame: pd.DataFrame, *, num_resamples: int, key: PRNGKey) -> dict[str, Role]:
    """Agreement of all scores with trained accuracy, by role.

    Args:
        frame: one row a set, with columns role, draw, accuracy and one a score.
        num_resamples: resamples of the sets of each draw.
        key: decides them.
    """
    found = {}
    for role, sets in frame.groupby("role", sort=False):
        grouped = list(sets.groupby("draw", sort=False))
        parts = tuple(part for _, part in grouped)
        agreement = compare_scores(
            tuple(SCORES),
            [part[list(SCORES)].to_numpy(np.float64).T for part in parts],
            [part["accuracy"].to_numpy(np.float64) for part in parts],
            key=key,
            num_resamples=num_resamples,
        )
        found[str(role)] = Role(tuple(str(name) for name, _ in grouped), parts, agreement)
    return found


def choose(role: Role) -> dict[str, str]:
    """The score of each group with the largest mean; of equal ones the first."""
    means = dict(zip(role.agreement.names, role.agreement.by_draw.mean(0), strict=True))
    return {
        group: max(
            (n for n, s in SCORES.items() if s.group == group and n not in NO_UTILITIES),
            key=lambda name: means[name],
        )
        for group in (LABELLED, LABEL_FREE)
    }


def by_draw(roles: Mapping[str, Role]) -> pd.DataFrame:
    """One row a draw and score: Spearman correlation and the rate of ordered pairs."""
    rows = [
        {
            "role": role,
            "draw": draw,
            "score": name,
            "spearman": found.agreement.by_draw[at, number],
            "ordered_pairs": ordered_pairs(part[name].to_numpy(), part["accuracy"].to_numpy()),
        }
        for role, found in roles.items()
        for at, (draw, part) in enumerate(zip(found.draws, found.parts, strict=True))
        for number, name in enumerate(found.agreement.names)
    ]
    return pd.DataFrame(rows)


def summarise(role: Role, pairs: Mapping[str, float], *, level: float) -> dict[str, Any]:
    """Of each score: mean and interval, least draw, pairs, and differences with the references.

    Args:
        role: the draws.
        pairs: mean rate of ordered pairs of each score.
        level: coverage of the intervals.
    """
    return {
        name: {
            "mean": _numbers(role.agreement.mean(name, level=level)),
            "least": float(role.agreement.by_draw[:, number].min()),
            "ordered_pairs": pairs[name],
            "minus": {
                other: _numbers(role.agreement.difference(name, other, level=level))
                for other in REFERENCES
            },
        }
        for number, name in enumerate(role.agreement.names)
    }


def draw_differences(
    role: Role, name: str, other: str, *, key: PRNGKey, num_resamples: int, level: float
) -> dict[str, list[float]]:
    """In each draw by itself: one score's correlation minus another's, with its interval."""
    found = {}
    keys = jax.random.split(key, len(role.draws))
    for draw, part, one in zip(role.draws, role.parts, keys, strict=True):
        agreement = compare_scores(
            (name, other),
            [part[[name, other]].to_numpy(np.float64).T],
            [part["accuracy"].to_numpy(np.float64)],
            key=one,
            num_resamples=num_resamples,
        )
        found[draw] = _numbers(agreement.difference(name, other, level=level))
    return found


def kinds(role: Role) -> list[dict[str, Any]]:
    """How much too high each score ranks each kind of set, in shares of the sets of a draw.

    0 where the kind lies where its accuracy lies; +.2 where a score ranks its sets a fifth of all
    sets too high. A dictionary a kind, with the number of sets.
    """
    parts = []
    for part in role.parts:
        truth = rankdata(part["accuracy"])
        ranks = {name: (rankdata(part[name]) - truth) / len(part) for name in SCORES}
        parts.append(pd.DataFrame(ranks).assign(kind=part["kind"].to_numpy()))
    rows = []
    for kind, part in pd.concat(parts).groupby("kind"):
        means = {name: float(np.mean(part[name])) for name in SCORES}
        rows.append({"kind": str(kind), "sets": len(part)} | means)
    return rows


def reliabilities(measured: Mapping[str, np.ndarray], *, key: PRNGKey) -> dict[str, float]:
    """Reliability of the truth of each draw, from its (sets, seeds) accuracies."""
    return {name: split_half_reliability(each, key=key) for name, each in measured.items()}


def _numbers(estimate: Estimate) -> list[float]:
    return [float(x) for x in (estimate.value, estimate.low, estimate.high)]
