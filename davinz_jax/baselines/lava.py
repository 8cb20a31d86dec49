"""LAVA: how a row's weight moves the optimal-transport distance to the validation set.

Rows are far from each other by ½‖x − x'‖² and by the distance of their classes, itself an optimal
transport between the rows of the two. A row's value is minus the calibrated gradient of the
distance by its weight, −(fᵢ − mean of the other f), f the dual potentials of the valued rows.
"""

import warnings
from functools import partial
from typing import Any

import jax
import numpy as np
from jaxtyping import Float, Int, Num, ScalarLike

from davinz_jax.extras import from_extra

EPSILON = 0.01
"""Entropic regularisation, a share of the mean squared distance halved."""

PAD = 64
"""Rows of a class are padded to multiples of it, so that few shapes are compiled."""


def row_values(
    inputs: Num[np.ndarray, "n d"],
    labels: Int[np.ndarray, " n"],
    validation_inputs: Num[np.ndarray, "m d"],
    validation_labels: Int[np.ndarray, " m"],
    *,
    epsilon: float = EPSILON,
    max_steps: int = 20_000,
) -> Float[np.ndarray, " n"]:
    """Value of each row; needs the extra `benchmarks` (OTT-JAX).

    Args:
        inputs: rows that were valued, standardised.
        labels: classes; all 0 for a distance of inputs alone.
        validation_inputs: rows that they are compared with.
        validation_labels: their classes.
        epsilon: of the transport plans' entropy, over the mean cost of two rows.
        max_steps: of Sinkhorn's iterations.

    Raises:
        ValueError: if the iterations have not come to rest.

    References:
        Just et al., "LAVA: Data Valuation without Pre-Specified Learning Algorithms", ICLR 2023.
    """
    cost = half_squared_distances(inputs, validation_inputs)
    scale = float(epsilon * cost.mean())
    between = class_distances(cost, labels, validation_labels, scale, max_steps)
    whole = cost + between[labels][:, validation_labels]
    weights = [np.full(count, 1 / count, np.float32) for count in whole.shape]
    found = _transport(whole.astype(np.float32), *weights, scale, max_steps)
    potentials = np.asarray(found[0], np.float64)
    if not (bool(found[2]) and np.isfinite(potentials).all()):
        raise ValueError(
            f"max_steps: wanted transport plans at rest, got {max_steps} steps without; raise it, "
            "or epsilon"
        )
    mean_of_others = (potentials.sum() - potentials) / (len(potentials) - 1)
    return mean_of_others - potentials


def half_squared_distances(
    inputs: Num[np.ndarray, "n d"], others: Num[np.ndarray, "m d"]
) -> Float[np.ndarray, "n m"]:
    """½‖x − x'‖² of every row with every other."""
    rows, columns = inputs.astype(np.float64), others.astype(np.float64)
    norms = np.square(rows).sum(1)[:, None] + np.square(columns).sum(1)
    return np.maximum(norms / 2 - rows @ columns.T, 0.0)


def class_distances(
    cost: Float[np.ndarray, "n m"],
    labels: Int[np.ndarray, " n"],
    others: Int[np.ndarray, " m"],
    epsilon: float,
    max_steps: int = 20_000,
) -> Float[np.ndarray, "k k"]:
    """Transport cost between the rows of each class here and of each class there; 0 of one."""
    num_classes = int(max(labels.max(), others.max())) + 1
    found = np.zeros((num_classes, num_classes))
    if num_classes == 1:
        return found
    rows = [np.flatnonzero(labels == label) for label in range(num_classes)]
    columns = [np.flatnonzero(others == label) for label in range(num_classes)]
    shape = _padded(max(map(len, rows))), _padded(max(map(len, columns)))
    for one, other in np.ndindex(num_classes, num_classes):
        if len(rows[one]) and len(columns[other]):
            padded = np.zeros(shape, np.float32)
            padded[: len(rows[one]), : len(columns[other])] = cost[
                np.ix_(rows[one], columns[other])
            ]
            weights = [
                np.repeat([1 / len(some), 0], [len(some), size - len(some)]).astype(np.float32)
                for some, size in zip((rows[one], columns[other]), shape, strict=True)
            ]
            found[one, other] = float(_transport(padded, *weights, epsilon, max_steps)[1])
    return found


def _padded(count: int) -> int:
    return -(-count // PAD) * PAD


@partial(jax.jit, static_argnames="max_steps")
def _transport(
    cost: jax.Array, weights: jax.Array, others: jax.Array, epsilon: ScalarLike, max_steps: int
) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Potentials of the rows, the cost of the plan, and whether it is at rest."""
    with from_extra("benchmarks"), warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of a package that OTT-JAX stands on
        from ott.geometry.geometry import Geometry
        from ott.solvers import linear

    with jax.numpy_rank_promotion("allow"):
        entropy: Any = epsilon
        geometry = Geometry(cost_matrix=cost, epsilon=entropy)
        found: Any = linear.solve(geometry, weights, others, max_iterations=max_steps)
    return found.f, found.primal_cost, found.converged
