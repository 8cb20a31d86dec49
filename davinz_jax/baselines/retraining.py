"""Validation performance: what the performance on the validation set loses without a party."""

from typing import Literal

import jax
import numpy as np

from davinz_jax.baselines.context import BaselineContext
from davinz_jax.baselines.result import baseline_valuation
from davinz_jax.semivalues.valuation import Valuation
from davinz_jax.training import Performance, train_coalitions

Metric = Literal["accuracy", "loss"]


def validation_performance(context: BaselineContext, *, metric: Metric = "loss") -> Valuation:
    """Leave-one-out values by training on all parties, and on all but each.

    With the paper's stopping rule as the context's schedule this is the ground truth of the
    comparison.

    Args:
        context: all trainings start at its `variables`; its `folder` keeps what is finished.
        metric: validation accuracy (0 to 1; classification only), or minus the validation loss.

    Returns:
        u(N) - u(N without j) with u the performance; method `validation_performance`.

    Raises:
        ValueError: if accuracy is asked of a regression, or the targets are not known.
    """
    dataset, parties = context.dataset, context.parties
    if metric == "accuracy" and dataset.task == "regression":
        raise ValueError("metric: wanted loss for regression, got accuracy; choose metric=loss")
    rows = np.arange(len(dataset))
    results = train_coalitions(
        context.module,
        context.variables,
        dataset,
        [rows, *(rows[parties.indices != party] for party in range(len(parties)))],
        schedule=context.training,
        key=context.key,
        folder=context.folder,
        progress=context.progress,
    )
    worths = np.array([_worth(result.performance, metric) for result in results])
    return baseline_valuation(
        "validation_performance",
        parties,
        worths[0] - worths[1:],
        settings={
            "metric": metric,
            "schedule": repr(context.training),
            "key": np.asarray(jax.random.key_data(context.key)).tolist(),
        },
    )


def _worth(performance: Performance, metric: Metric) -> float:
    if metric == "loss" or performance.accuracy is None:
        return -performance.loss
    return performance.accuracy
