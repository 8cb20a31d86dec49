"""Which layers' tangent kernel finds wrong labels: margins of some rows by several kernels."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import jax
import numpy as np

from davinz_jax import Ingredients, KernelOptions, Parties
from davinz_jax.detection import RowCheck, label_margins
from experiments.runtime.console import Stages
from experiments.studies.finetuning.methods import frequencies
from experiments.studies.finetuning.problem import Problem, as_numbers

KERNELS: Mapping[str, str] = {
    "tuned": "tangent kernel, tuned layers and head",
    "all": "tangent kernel, all parameters",
    "frozen": "RBF on frozen features",
    "tfidf": "RBF on TF-IDF",
}
"""Kernels by name, in the order of the table."""


def margins_by(
    name: str, problem: Problem, parameters: str, num_rows: int, seed: int, stages: Stages
) -> dict[str, Any]:
    """Leave-one-out margins of the first rows by one of `KERNELS`, and the error they come with.

    Args:
        name: which kernel.
        problem: rows and encoder.
        parameters: pattern of the tuned layers.
        num_rows: rows judged.
        seed: of whatever is drawn.
        stages: times it.
    """
    few = _first(problem, num_rows)
    with stages.stage(f"margins of {num_rows} rows, {name}"):
        found = _check(name, few, parameters, seed)
    curve = found.curves[0]
    return {
        "values": found.margin.tolist(),
        "error": float(curve.errors[curve.criterion][curve.chosen]),
        "criterion": curve.criterion,
        "seconds": {},
    }


def _check(name: str, problem: Problem, parameters: str, seed: int) -> RowCheck:
    dataset, model = problem.dataset, problem.model
    if name == "tfidf":
        dataset, model = as_numbers(problem, frequencies(problem.texts)), None
    chosen = "all" if name == "all" else parameters
    count = len(dataset)
    made = Ingredients(
        model, dataset, Parties(np.arange(count), tuple(f"row {row}" for row in range(count))),
        key=jax.random.key(seed), initialisations=[problem.variables], num_resamples=0,
        kernel_options=KernelOptions(output="first", parameters=chosen),
    )  # fmt: skip
    kernel = made.regression_kernel("ntk" if name in ("tuned", "all") else "rbf")
    return label_margins(kernel, dataset.targets)


def _first(problem: Problem, count: int) -> Problem:
    """The first rows, with one validation row."""
    rows = np.arange(count)
    dataset = problem.dataset.take(rows)
    dataset = replace(dataset, validation=dataset.validation.take(np.arange(1)))
    return replace(
        problem, dataset=dataset, is_wrong=problem.is_wrong[rows], texts=problem.texts[:count]
    )
