"""KNN-Shapley against all permutations' definition."""

from itertools import combinations
from math import comb

import numpy as np
import pytest

from davinz_jax.baselines import knn_shapley
from davinz_jax.baselines.knn_shapley import row_values
from davinz_jax.data.dataset import Parties


def brute_force(inputs, labels, validation_inputs, validation_labels, num_neighbours):
    """Shapley values by the definition, utility = share of right votes among K neighbours."""
    num = len(inputs)

    def worth(rows):
        distances = np.linalg.norm(validation_inputs[:, None] - inputs[list(rows)], axis=2)
        nearest = np.argsort(distances, axis=1, kind="stable")[:, :num_neighbours]
        right = labels[list(rows)][nearest] == validation_labels[:, None]
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
    inputs, validation_inputs = draw.normal(size=(6, 2)), draw.normal(size=(3, 2))
    labels, validation_labels = np.array([0, 1, 1, 0, 1, 0]), np.array([0, 1, 1])
    rows = (inputs, labels, validation_inputs, validation_labels)
    found = row_values(*rows, num_neighbours=num_neighbours, batch_size=2)
    wanted = brute_force(*rows, num_neighbours)
    np.testing.assert_allclose(found, wanted, atol=1e-12)


@pytest.mark.parametrize("offset", [0, 100, 10_000])
def test_offset_columns_lose_no_digits(offset):
    """Sums of squares of float32 columns far from 0 know distances to a few digits, or to none."""
    draw = np.random.default_rng(0)
    inputs, queries = ((draw.normal(size=(n, 3)) + offset).astype(np.float32) for n in (60, 20))
    labels, query_labels = draw.integers(2, size=60), draw.integers(2, size=20)
    distances = np.linalg.norm(queries.astype(float)[:, None] - inputs.astype(float), axis=2)
    order = np.argsort(distances, axis=1, kind="stable")
    wanted = np.zeros(60)
    for row, label in zip(order, query_labels, strict=True):
        value = (labels[row[-1]] == label) / 60
        wanted[row[-1]] += value
        for rank in range(59, 0, -1):
            step = float(labels[row[rank - 1]] == label) - float(labels[row[rank]] == label)
            value += step / 5 * min(5, rank) / rank
            wanted[row[rank - 1]] += value
    found = row_values(inputs, labels, queries, query_labels)
    np.testing.assert_allclose(found, wanted / 20, atol=1e-12)


def test_parties_sum_their_rows(classes, make_context):
    data, parties = classes
    one_each = Parties(np.arange(18), tuple(f"row_{i}" for i in range(18)))
    rows = knn_shapley(make_context(data, one_each))
    found = knn_shapley(make_context(data, parties))
    np.testing.assert_allclose(found.values, np.bincount(parties.indices, rows.values))
    assert not found.description["use_features"]


def test_distances_between_features_of_the_trained_network(classes, make_context):
    """Logits that are the inputs give the values of the inputs; one column of them does not."""
    data, parties = classes
    same, squeezed = (
        {"params": {"out": {"kernel": np.array(kernel, np.float32)}}}
        for kernel in ([[1, 0, 0], [0, 1, 0]], [[1, 0, 0], [0, 0, 0]])
    )
    context = make_context(data, parties, same, trained_variables=same)
    found = knn_shapley(context, use_features=True)
    assert context.has_asked_for_training
    np.testing.assert_allclose(found.values, knn_shapley(context).values)
    other = make_context(data, parties, same, trained_variables=squeezed)
    assert np.abs(knn_shapley(other, use_features=True).values - found.values).max() > 1e-3


def test_regression_is_refused(fitted):
    with pytest.raises(ValueError, match="dataset: wanted classes"):
        knn_shapley(fitted)
