"""Validation performance: what the performance on the validation set loses without a party."""

from collections.abc import Sequence
from typing import Any, Literal, final

import jax
import numpy as np
from jaxtyping import Bool, Float

from davinz_jax.baselines.context import BaselineContext
from davinz_jax.baselines.result import baseline_valuation
from davinz_jax.data.dataset import Parties
from davinz_jax.semivalues.valuation import Valuation
from davinz_jax.training import CoalitionPerformance, train_coalitions
from davinz_jax.utility.base import AbstractUtility

Metric = Literal["accuracy", "loss"]


def validation_performance(context: BaselineContext, *, metric: Metric = "loss") -> Valuation:
    """Leave-one-out values by training on all parties, and on all but each.

    With the paper's stopping rule as the context's schedule this is the ground truth of the
    comparison.

    Args:
        context: says where trainings start and how many are averaged; its `folder` keeps what is
            finished.
        metric: validation accuracy (0 to 1; classification only), or minus the validation loss.

    Returns:
        u(N) - u(N without j) with u the mean performance; method `validation_performance`.

    Raises:
        ValueError: if accuracy is asked of a regression, or the targets are not known.
    """
    if metric == "accuracy" and context.dataset.task == "regression":
        raise ValueError("metric: wanted loss for regression, got accuracy; choose metric=loss")
    trained = train_members(context, leave_one_out_members(context.parties))
    worths = mean_worths(trained, metric)
    return baseline_valuation(
        "validation_performance",
        context.parties,
        worths[0] - worths[1:],
        settings={
            "metric": metric,
            "schedule": repr(context.training),
            "num_trainings": context.num_trainings,
            "key": np.asarray(jax.random.key_data(context.key)).tolist(),
        },
    )


@final
class RetrainingUtility(AbstractUtility):
    """u(S): performance on the validation set of networks trained on S, the higher the better.

    Accuracy for classes, and minus the mean squared error for regression; u(∅) is that of the
    untrained network. Trainings take the place of initialisations.

    Args:
        context: as in `train_members`; results are also kept here.
    """

    terms = ("retraining",)

    def __init__(self, context: BaselineContext) -> None:
        self.players, self.player_sizes = context.parties.names, context.parties.sizes
        self.num_initialisations = context.num_trainings
        self._context = context
        self._known: dict[bytes, list[CoalitionPerformance]] = {}

    def coalitions(self, members: Bool[np.ndarray, "c p"]) -> Float[np.ndarray, "t i c"]:
        """Performances of networks trained on the coalitions whose members are marked."""
        found = [[each.performance.score for each in own] for own in self.trainings(members)]
        return np.array(found).T[None]

    def trainings(self, members: Bool[np.ndarray, "c p"]) -> list[list[CoalitionPerformance]]:
        """One list a coalition, of one result a training."""
        new = {own.tobytes(): own for own in members if own.tobytes() not in self._known}
        if new:
            trained = train_members(self._context, np.stack(list(new.values())))
            self._known |= {code: list(each) for code, *each in zip(new, *trained, strict=True)}
        return [self._known[own.tobytes()] for own in members]

    def describe(self) -> dict[str, Any]:
        """Kind, how networks are trained, and how many a coalition has."""
        schedule = repr(self._context.training)
        return {**super().describe(), "schedule": schedule, "trainings": self.num_initialisations}


def leave_one_out_members(parties: Parties) -> Bool[np.ndarray, "c p"]:
    """Who is in each coalition that leave-one-out asks for: all, then all but each; c = p + 1."""
    return ~np.eye(len(parties) + 1, len(parties), k=-1, dtype=bool)


def train_members(
    context: BaselineContext, members: Bool[np.ndarray, "c p"]
) -> list[list[CoalitionPerformance]]:
    """Networks trained on the rows of coalitions of parties.

    Args:
        context: training t starts at draw t of the network, taken in turn, and shuffles rows by
            the context's key with t folded in.
        members: whether a party is in a coalition.

    Returns:
        One list for each of the context's `num_trainings`, of one result a coalition.

    Raises:
        ValueError: if the validation set's targets are not known.
    """
    rows = np.arange(len(context.dataset))
    draws = context.ingredients.initialisations
    return [
        train_coalitions(
            context.module,
            draws[training % len(draws)],
            context.dataset,
            [rows[own[context.parties.indices]] for own in members],
            schedule=context.training,
            key=jax.random.fold_in(context.key, training),
            folder=context.folder,
            progress=context.progress,
        )
        for training in range(context.num_trainings)
    ]


def mean_worths(
    trained: Sequence[Sequence[CoalitionPerformance]], metric: Metric
) -> Float[np.ndarray, " c"]:
    """Performance of each coalition, the higher the better, mean over trainings."""
    worths = [[_worth(each, metric) for each in training] for training in trained]
    return np.mean(worths, axis=0)


def _worth(found: CoalitionPerformance, metric: Metric) -> float:
    if metric == "loss" or found.performance.accuracy is None:
        return -found.performance.loss
    return found.performance.accuracy
