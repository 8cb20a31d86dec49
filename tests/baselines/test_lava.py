"""LAVA against linear programs, as far as its entropy lets it be."""

import numpy as np
import pytest
from scipy.optimize import linprog

from davinz_jax.baselines.lava import class_distances, half_squared_distances, row_values
from davinz_jax.evaluation import detection_auc


def transport_cost(cost):
    """Least cost of moving equal weights of the rows to equal weights of the columns."""
    num, other = cost.shape
    rows, columns = np.kron(np.eye(num), np.ones(other)), np.kron(np.ones(num), np.eye(other))
    weights = np.concatenate([np.full(num, 1 / num), np.full(other, 1 / other)])
    return linprog(cost.ravel(), A_eq=np.vstack([rows, columns]), b_eq=weights).fun


def test_distances_are_halved_squares():
    draw = np.random.default_rng(0)
    rows, others = draw.normal(size=(4, 3)), draw.normal(size=(5, 3))
    wanted = np.square(rows[:, None] - others).sum(-1) / 2
    np.testing.assert_allclose(half_squared_distances(rows, others), wanted, atol=1e-12)


def test_classes_are_as_far_as_a_linear_program_says():
    draw = np.random.default_rng(0)
    labels, others = np.array([0, 0, 0, 1, 1, 1, 1]), np.array([0, 0, 1, 1, 1])
    cost = half_squared_distances(draw.normal(size=(7, 2)), draw.normal(size=(5, 2)))
    found = class_distances(cost, labels, others, 0.01)
    for one, other in np.ndindex(2, 2):
        part = cost[np.ix_(labels == one, others == other)]
        assert found[one, other] == pytest.approx(transport_cost(part), abs=0.03)


def test_values_are_the_gradient_of_the_distance():
    """A row of less weight moves the least cost by its potential, up to the entropy."""
    draw = np.random.default_rng(1)
    rows, others = draw.normal(size=(6, 2)), draw.normal(size=(5, 2))
    values = row_values(rows, np.zeros(6, int), others, np.zeros(5, int), epsilon=2e-3)
    cost, step = half_squared_distances(rows, others), 1e-4
    sides = np.vstack([np.kron(np.eye(6), np.ones(5)), np.kron(np.ones(6), np.eye(5))])

    def worth(weights):
        ends = np.concatenate([weights, np.full(5, 1 / 5)])
        return linprog(cost.ravel(), A_eq=sides, b_eq=ends).fun

    for row in range(6):
        less = np.full(6, 1 / 6) + step / 5
        less[row] = 1 / 6 - step
        slope = (worth(less) - worth(np.full(6, 1 / 6))) / step
        assert values[row] == pytest.approx(slope, abs=0.1)


def test_noisy_rows_are_worth_least():
    draw = np.random.default_rng(0)
    labels, others = np.arange(80) % 2, np.arange(40) % 2
    rows = draw.normal(size=(80, 4)) + 3 * labels[:, None]
    validation = draw.normal(size=(40, 4)) + 3 * others[:, None]
    is_noisy = np.arange(80) < 8
    rows[is_noisy] += 3 * draw.normal(size=(8, 4))
    assert detection_auc(row_values(rows, labels, validation, others), is_noisy) > 0.9


def test_plans_that_do_not_come_to_rest_are_refused():
    draw = np.random.default_rng(0)
    rows, none = draw.normal(size=(50, 4)), np.zeros(50, int)
    with pytest.raises(ValueError, match="max_steps: wanted transport plans at rest, got 10"):
        row_values(rows, none, rows + 1.0, none, epsilon=1e-4, max_steps=10)
