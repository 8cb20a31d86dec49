"""Values of rows on a validation set against enumeration of all coalitions."""

from itertools import combinations
from math import comb

import jax
import numpy as np
import pytest

from davinz_jax import Ingredients, KernelChoice
from davinz_jax.data import Dataset, Validation, partition_rows
from experiments.runtime.errors import InputError
from experiments.studies.detect.views import (
    knn_view,
    num_orders,
    shapley_view,
    view_rows,
    wants_views,
    with_few_validation_rows,
)

RIDGE = 0.3


@pytest.fixture
def rows():
    """Six rows in the plane, the last of which has the wrong label, and nine validation rows."""
    generator = np.random.default_rng(0)
    inputs = generator.normal(size=(15, 2)).astype(np.float32)
    inputs[:, 0] += np.where(np.arange(15) % 2, 1.5, -1.5)
    targets = np.arange(15) % 2
    targets[5] = 0
    validation = Validation(inputs[6:], targets[6:])
    return Dataset(inputs[:6], targets[:6], "classification", 2, validation)


def shapley_by_enumeration(worth):
    """Of six players; `worth` takes a tuple of them."""
    values = np.zeros(6)
    for player in range(6):
        others = [each for each in range(6) if each != player]
        for size in range(6):
            for members in combinations(others, size):
                marginal = worth((*members, player)) - worth(members)
                values[player] += marginal / (6 * comb(5, size))
    return values


def soft_accuracy_of_ridge(rows, members):
    """Share of each validation row's class in clipped outputs of Gaussian kernel regression."""
    all_rows = np.concatenate([rows.inputs, rows.validation.inputs]).astype(np.float64)
    squared = ((all_rows[:, None] - all_rows) ** 2).sum(-1)
    kernel = np.exp(-squared / 2)
    own = list(members)
    one_hot = np.eye(2)[rows.targets[own]]
    within = kernel[np.ix_(own, own)] + RIDGE * np.eye(len(own))
    outputs = kernel[6:][:, own] @ np.linalg.solve(within, one_hot) if own else np.zeros((9, 2))
    clipped = np.clip(outputs, 0, 1)
    total = clipped.sum(1)
    right = clipped[np.arange(9), rows.validation.targets]
    return float(np.where(total > 0, right / np.where(total > 0, total, 1), 0.5).mean())


def test_shapley_values_are_those_of_enumeration(rows):
    parts = Ingredients(
        None, rows, partition_rows(rows)[1], key=jax.random.key(0),
        kernel_choice=KernelChoice("rbf", bandwidth=1.0),
    )  # fmt: skip
    view = shapley_view(parts, ridge=RIDGE, key=jax.random.key(1))
    slow = shapley_by_enumeration(lambda members: soft_accuracy_of_ridge(rows, members))
    assert view.values.sum() == pytest.approx(slow.sum(), abs=1e-6)
    assert np.abs(view.values - slow).max() < 6 * view.details["mean_stderr"]
    assert view.values.argmin() == slow.argmin() == 5
    assert view.details["num_samples"] == 200


def test_knn_shapley_values_are_those_of_enumeration(rows):
    def worth(members):
        own = np.array(members, int)
        if not len(own):
            return 0.0
        near = ((rows.validation.inputs[:, None] - rows.inputs[own]) ** 2).sum(-1).argsort(1)[:, :5]
        hits = rows.targets[own][near] == rows.validation.targets[:, None]
        return float((hits.sum(1) / 5).mean())

    np.testing.assert_allclose(knn_view(rows).values, shapley_by_enumeration(worth), atol=1e-9)


def test_numbers_have_shapley_values_alone(rows):
    numbers = Dataset(
        rows.inputs, rows.inputs[:, 0], "regression", 1,
        Validation(rows.validation.inputs, rows.validation.inputs[:, 0]),
    )  # fmt: skip
    parts = Ingredients(
        None, numbers, partition_rows(numbers)[1], key=jax.random.key(0),
        kernel_choice=KernelChoice("rbf"),
    )  # fmt: skip
    (view,) = view_rows(parts, ridge=RIDGE, key=jax.random.key(1))
    assert (view.name, view.details["metric"]) == ("shapley", "mse")


def test_the_more_rows_the_fewer_orders_and_always_pairs():
    found = [num_orders(rows) for rows in (10, 700, 1000, 2000, 5000)]
    assert found == sorted(found, reverse=True)
    assert all(each % 2 == 0 for each in found)


def test_a_validation_set_is_looked_at_where_a_file_of_one_is_named():
    assert wants_views({"validation_path": "v.csv", "holdout": 0.2}, None)
    assert not wants_views({"validation_path": None, "holdout": 0.2}, None)
    assert not wants_views({"validation_path": "v.csv"}, asked=False)
    assert wants_views({"root": None}, asked=True)  # a source with a set of its own
    with pytest.raises(InputError, match="views: wanted a validation set beside the rows"):
        wants_views({"holdout": 0.2}, asked=True)


def test_few_validation_rows_are_looked_at(rows):
    key = jax.random.key(0)
    assert len(with_few_validation_rows(rows, views=False, key=key).validation) == 1
    assert len(with_few_validation_rows(rows, views=True, key=key).validation) == 9
    unlabelled = Dataset(
        rows.inputs, rows.targets, "classification", 2, Validation(rows.validation.inputs)
    )
    with pytest.raises(InputError, match="views: wanted a labelled validation set"):
        with_few_validation_rows(unlabelled, views=True, key=key)
