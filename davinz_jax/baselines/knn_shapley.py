"""Exact Shapley values of rows for a nearest-neighbour classifier, by recursion.

For a validation row with label y, let α be the rows by growing distance and a_j = 1 if row α_j has
label y. With K neighbours, φ(α_n) = a_n min(K, n)/(K n), and going inwards
φ(α_j) = φ(α_{j+1}) + (a_j - a_{j+1})/K · min(K, j)/j. Values are means over validation rows.
"""

import time

import numpy as np
from jaxtyping import Bool, Float, Num

from davinz_jax.baselines.result import baseline_valuation
from davinz_jax.data.dataset import Dataset, Parties
from davinz_jax.semivalues.valuation import Valuation


def knn_shapley(
    dataset: Dataset,
    parties: Parties,
    *,
    num_neighbours: int = 5,
    features: tuple[Num[np.ndarray, "n d"], Num[np.ndarray, "m d"]] | None = None,
) -> Valuation:
    """Shapley values of rows under K-nearest-neighbours, summed by party.

    Args:
        dataset: rows, and a validation set with known classes.
        parties: the party of each row; with one row each, these are the values of rows.
        num_neighbours: K.
        features: of rows and validation rows, where distances are taken; raw inputs by default.

    Returns:
        Values in shares of the validation set classified right; method `knn_shapley`.

    Raises:
        ValueError: if the task is regression or the validation set's classes are not known.

    References:
        Jia et al. 2019 (`jia2019knn`), theorem on the unweighted classifier.
    """
    start = time.perf_counter()
    if dataset.task != "classification" or dataset.validation.targets is None:
        raise ValueError(
            f"dataset: wanted classes that are known on the validation set too, got {dataset.task} "
            "or none; leave this baseline out, or give validation_targets"
        )
    own, theirs = features or (dataset.inputs, dataset.validation.inputs)
    rows = row_values(
        own.reshape(len(own), -1),
        dataset.targets,
        theirs.reshape(len(theirs), -1),
        dataset.validation.targets,
        num_neighbours=num_neighbours,
    )
    return baseline_valuation(
        "knn_shapley",
        parties,
        np.bincount(parties.indices, rows, len(parties)),
        seconds=time.perf_counter() - start,
        settings={"num_neighbours": num_neighbours},
    )


def row_values(
    inputs: Num[np.ndarray, "n d"],
    labels: Num[np.ndarray, " n"],
    validation_inputs: Num[np.ndarray, "m d"],
    target_labels: Num[np.ndarray, " m"],
    *,
    num_neighbours: int = 5,
    batch_size: int = 256,
) -> Float[np.ndarray, " n"]:
    """Shapley value of each row; see `knn_shapley`. Ties in distance go by row order."""
    norms, total = np.square(inputs, dtype=np.float64).sum(axis=1), np.zeros(len(inputs))
    for begin in range(0, len(validation_inputs), batch_size):
        batch = validation_inputs[begin : begin + batch_size]
        order = np.argsort(norms - 2 * (batch @ inputs.T), axis=1, kind="stable")
        agrees = labels[order] == target_labels[begin : begin + batch_size, None]
        np.add.at(total, order, _by_distance(agrees, num_neighbours))
    return total / len(validation_inputs)


def _by_distance(agrees: Bool[np.ndarray, "m n"], num_neighbours: int) -> Float[np.ndarray, "m n"]:
    """Values of the nearest, second nearest, ... row for each validation row."""
    rank = np.arange(1, agrees.shape[1] + 1)
    share = np.minimum(num_neighbours, rank) / (num_neighbours * rank)
    steps = agrees * share  # the last entry is φ(α_n); the others become differences
    steps[:, :-1] -= agrees[:, 1:] * share[:-1]
    return np.cumsum(steps[:, ::-1], axis=1)[:, ::-1]
