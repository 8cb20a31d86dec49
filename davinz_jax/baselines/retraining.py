"""Validation performance: what the target performance loses when a party's data is left out."""

import os
import time
from typing import Literal

import jax
import numpy as np
from flax import linen as nn

from davinz_jax.baselines.result import baseline_valuation
from davinz_jax.data.dataset import Dataset, Parties
from davinz_jax.semivalues.valuation import Valuation
from davinz_jax.training import Performance, Schedule, fixed_schedule, train_coalitions
from davinz_jax.training.train import Progress
from davinz_jax.types import PRNGKey, Variables

Metric = Literal["accuracy", "loss"]


def validation_performance(
    module: nn.Module,
    variables: Variables,
    dataset: Dataset,
    parties: Parties,
    *,
    key: PRNGKey,
    schedule: Schedule | None = None,
    metric: Metric = "loss",
    folder: str | os.PathLike[str] | None = None,
    at_once: int | None = None,
    progress: Progress | None = None,
) -> Valuation:
    """Leave-one-out values by training on all parties, and on all but each.

    With the paper's stopping rule as `schedule` this is the ground truth of the comparison.

    Args:
        module: the network.
        variables: where all trainings start.
        dataset: rows, and a validation set with known targets.
        parties: the party of each row.
        key: decides the order of rows.
        schedule: by default the paper's rates for 300 epochs.
        metric: target accuracy (0 to 1; classification only), or minus the target loss.
        folder: where finished trainings are kept, so that a killed run resumes.
        at_once: networks trained side by side.
        progress: called with (trainings done, all, "coalitions").

    Returns:
        u(N) - u(N without j) with u the performance; method `validation_performance`. The time
        is that of this call, and short if `folder` held results.

    Raises:
        ValueError: if accuracy is asked of a regression, or the targets are not known.
    """
    if metric == "accuracy" and dataset.task == "regression":
        raise ValueError("metric: wanted loss for regression, got accuracy; choose metric=loss")
    start = time.perf_counter()
    rows = np.arange(len(dataset))
    sets = [rows, *(rows[parties.indices != party] for party in range(len(parties)))]
    schedule = schedule or fixed_schedule(dataset.task)
    results = train_coalitions(
        module,
        variables,
        dataset,
        sets,
        schedule=schedule,
        key=key,
        folder=folder,
        at_once=at_once,
        progress=progress,
    )
    worths = np.array([_worth(result.performance, metric) for result in results])
    seed = np.asarray(jax.random.key_data(key)).tolist()
    return baseline_valuation(
        "validation_performance",
        parties,
        worths[0] - worths[1:],
        seconds=time.perf_counter() - start,
        settings={"metric": metric, "schedule": repr(schedule), "key": seed},
    )


def _worth(performance: Performance, metric: Metric) -> float:
    if metric == "loss" or performance.accuracy is None:
        return -performance.loss
    return performance.accuracy
