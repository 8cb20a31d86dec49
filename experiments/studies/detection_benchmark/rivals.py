"""What rivals say of rows; those that refit a model see images as principal components."""

from collections.abc import Callable, Mapping

import jax
import numpy as np
from jaxtyping import Float, Num

from davinz_jax.baselines import (
    complexity_gap,
    confident_learning,
    data_oob,
    lava,
    logistic_influence,
)
from davinz_jax.baselines.knn_shapley import row_values as neighbour_values
from experiments.studies.detection_benchmark.draws import Draw

FEW_MODELS, MANY_MODELS = 100, 1000
"""Models of Data-OOB: of every draw, and of the check against published figures."""

Values = Float[np.ndarray, " n"]


def nearest(draw: Draw, num_neighbours: int) -> Values:
    """KNN-Shapley on raw inputs."""
    dataset = draw.dataset
    return neighbour_values(
        _flat(dataset.inputs),
        dataset.targets,
        _flat(dataset.validation.inputs),
        validation_targets(draw),
        num_neighbours=num_neighbours,
    )


def out_of_bag(draw: Draw, learner: data_oob.Learner, num_models: int = FEW_MODELS) -> Values:
    """Data-OOB."""
    return data_oob.row_values(
        draw.columns[0],
        draw.dataset.targets,
        key=draw.key,
        learner=learner,
        num_models=num_models,
        is_regression=draw.dataset.task == "regression",
    )


def transport(draw: Draw) -> Values:
    """LAVA; numbers have no classes, so that their inputs alone are compared."""
    rows, validation, _ = draw.columns
    labels, others = draw.dataset.targets, validation_targets(draw)
    if draw.dataset.task == "regression":
        labels, others = (np.zeros(len(each), np.int64) for each in (labels, others))
    return lava.row_values(rows, labels, validation, others)


def complexity(draw: Draw) -> Values:
    """CG-score on raw inputs."""
    inputs = _flat(draw.dataset.inputs)
    with_ones = np.column_stack([inputs, np.ones(len(inputs))])
    return complexity_gap.row_values(with_ones, draw.dataset.targets, key=draw.key)


def influence(draw: Draw) -> Values:
    """Influence on a logistic regression."""
    rows, validation, _ = draw.columns
    return logistic_influence.row_values(
        rows, draw.dataset.targets, validation, validation_targets(draw)
    )


def confidence(draw: Draw) -> Values:
    """Cleanlab's self-confidence by cross-validated logistic regressions."""
    return confident_learning.row_values(draw.columns[0], draw.dataset.targets, key=draw.key)


def chance(draw: Draw) -> Values:
    """Random values."""
    return np.asarray(jax.random.uniform(draw.key, (len(draw.dataset),)), np.float64)


MAKERS: Mapping[str, Callable[[Draw], Values]] = {
    "knn_shapley_100": lambda draw: nearest(draw, 100),
    "knn_shapley_5": lambda draw: nearest(draw, 5),
    "data_oob_logistic": lambda draw: out_of_bag(draw, "logistic"),
    "data_oob_logistic_1000": lambda draw: out_of_bag(draw, "logistic", MANY_MODELS),
    "data_oob_tree": lambda draw: out_of_bag(draw, "tree"),
    "lava": transport,
    "complexity_gap": complexity,
    "influence": influence,
    "confident_learning": confidence,
    "random": chance,
}
"""Values of rivals, by method."""


def _flat(inputs: Num[np.ndarray, "n ..."]) -> Num[np.ndarray, "n d"]:
    return inputs.reshape(len(inputs), -1)


def validation_targets(draw: Draw) -> Num[np.ndarray, " m"]:
    """Targets of the validation rows, which draws always have."""
    targets = draw.dataset.validation.targets
    assert targets is not None
    return targets
