"""KNN-Shapley against all permutations' definition."""

from itertools import combinations
from math import comb

import numpy as np
import pytest

from davinz_jax.baselines import knn_shapley
from davinz_jax.baselines.knn_shapley import row_values
from davinz_jax.data.dataset import Parties


def brute_force(inputs, labels, validation_inputs, target_labels, num_neighbours):
    """Shapley values by the definition, utility = share of right votes among K neighbours."""
    num = len(inputs)

    def worth(rows):
        distances = np.linalg.norm(validation_inputs[:, None] - inputs[list(rows)], axis=2)
        nearest = np.argsort(distances, axis=1, kind="stable")[:, :num_neighbours]
        right = labels[list(rows)][nearest] == target_labels[:, None]
        return right.sum() / num_neighbours / len(validation_inputs)

    values = np.zeros(num)
    for row in range(num):
        others = [other for other in range(num) if other != row]
        for size in range(num):
            for rest in combinations(others, size):
                gain = worth([*rest, row]) - (worth(rest) if rest else 0)
                values[row] += gain / num / comb(num - 1, size)
    return values


@pytest.mark.parametrize("num_neighbours", [1, 2, 9])
def test_equals_definition(num_neighbours):
    draw = np.random.default_rng(0)
    inputs, targets = draw.normal(size=(6, 2)), draw.normal(size=(3, 2))
    labels, target_labels = np.array([0, 1, 1, 0, 1, 0]), np.array([0, 1, 1])
    found = row_values(
        inputs, labels, targets, target_labels, num_neighbours=num_neighbours, batch_size=2
    )
    wanted = brute_force(inputs, labels, targets, target_labels, num_neighbours)
    np.testing.assert_allclose(found, wanted, atol=1e-12)


def test_parties_sum_their_rows(classes):
    data, parties = classes
    rows = knn_shapley(data, Parties(np.arange(18), tuple(f"row_{i}" for i in range(18))))
    found = knn_shapley(data, parties)
    np.testing.assert_allclose(found.values, np.bincount(parties.indices, rows.values))
    again = knn_shapley(data, parties, features=(data.inputs, data.validation.inputs))
    np.testing.assert_allclose(again.values, found.values)


def test_regression_is_refused(regression):
    with pytest.raises(ValueError, match="dataset: wanted classes"):
        knn_shapley(*regression[:2])
