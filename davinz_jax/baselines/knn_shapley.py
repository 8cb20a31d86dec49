"""Exact Shapley values of rows for a nearest-neighbour classifier, by recursion.

For a validation row of class y, let α be the rows by growing distance and a_j = 1 if row α_j is of
class y. With K neighbours, φ(α_n) = a_n min(K, n)/(K n), and going inwards
φ(α_j) = φ(α_{j+1}) + (a_j - a_{j+1})/K · min(K, j)/j. Values are means over validation rows.
"""

import numpy as np
from jaxtyping import Bool, Float, Num

from davinz_jax.baselines.context import BaselineContext
from davinz_jax.baselines.result import baseline_valuation
from davinz_jax.semivalues.valuation import Valuation


def knn_shapley(
    context: BaselineContext, *, num_neighbours: int = 5, use_features: bool = False
) -> Valuation:
    """Shapley values of rows under K-nearest-neighbours, summed by party.

    Args:
        context: where each row is a party, these are the values of rows.
        num_neighbours: K.
        use_features: take distances between the trained network's features; raw inputs if not.

    Returns:
        Values in shares of the validation set classified right; method `knn_shapley`.

    Raises:
        ValueError: if the task is regression or the validation set's classes are not known.

    References:
        Jia et al. 2019 (`jia2019knn`), theorem on the unweighted classifier.
    """
    dataset, parties, classes = context.dataset, context.parties, context.validation_classes
    look = context.features if use_features else _flatten
    rows = row_values(
        look(dataset.inputs),
        dataset.targets,
        look(dataset.validation.inputs),
        classes,
        num_neighbours=num_neighbours,
    )
    return baseline_valuation(
        "knn_shapley",
        parties,
        np.bincount(parties.indices, rows, len(parties)),
        settings={"num_neighbours": num_neighbours, "use_features": use_features},
    )


def _flatten(inputs: Num[np.ndarray, "n ..."]) -> Num[np.ndarray, "n d"]:
    return inputs.reshape(len(inputs), -1)


def row_values(
    inputs: Num[np.ndarray, "n d"],
    labels: Num[np.ndarray, " n"],
    validation_inputs: Num[np.ndarray, "m d"],
    validation_labels: Num[np.ndarray, " m"],
    *,
    num_neighbours: int = 5,
    batch_size: int = 256,
) -> Float[np.ndarray, " n"]:
    """Shapley value of each row; see `knn_shapley`. Ties in distance go by row order.

    Distances are float64, of columns less their medians: an offset, however large beside what a
    column shows, takes no digits from them.
    """
    middle = np.median(inputs, axis=0).astype(np.float64)
    rows, queries = inputs - middle, validation_inputs - middle
    norms, total = np.square(rows).sum(axis=1), np.zeros(len(inputs))
    for begin in range(0, len(queries), batch_size):
        order = np.argsort(
            norms - 2 * (queries[begin : begin + batch_size] @ rows.T), axis=1, kind="stable"
        )
        agrees = labels[order] == validation_labels[begin : begin + batch_size, None]
        np.add.at(total, order, _by_distance(agrees, num_neighbours))
    return total / len(validation_inputs)


def _by_distance(agrees: Bool[np.ndarray, "m n"], num_neighbours: int) -> Float[np.ndarray, "m n"]:
    """Values of the nearest, second nearest, ... row for each validation row."""
    rank = np.arange(1, agrees.shape[1] + 1)
    share = np.minimum(num_neighbours, rank) / (num_neighbours * rank)
    steps = agrees * share  # the last entry is φ(α_n); the others become differences
    steps[:, :-1] -= agrees[:, 1:] * share[:-1]
    return np.cumsum(steps[:, ::-1], axis=1)[:, ::-1]
