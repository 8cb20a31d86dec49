"""Influence of a row on the validation loss of a logistic regression, the Hessian solved exactly.

With ℓᵢ the cross-entropy of row i, R the penalty ½‖w‖² and H the Hessian of Σℓᵢ + R at its least,
leaving out row i moves the weights by H⁻¹∇ℓᵢ to first order, and the mean validation loss by
⟨∇L, H⁻¹∇ℓᵢ⟩: the value of the row.
"""

import numpy as np
from jaxtyping import Float, Int, Num

INTERCEPT_PENALTY = 1e-8
"""Of the intercepts, which scikit-learn leaves free; all classes may move by one constant."""


def row_values(
    inputs: Num[np.ndarray, "n d"],
    labels: Int[np.ndarray, " n"],
    validation_inputs: Num[np.ndarray, "m d"],
    validation_labels: Int[np.ndarray, " m"],
    *,
    max_steps: int = 1000,
) -> Float[np.ndarray, " n"]:
    """Rise of the mean validation cross-entropy, to first order, when a row is left out.

    Args:
        inputs: rows that were valued, standardised.
        labels: classes.
        validation_inputs: rows that the loss is measured on.
        validation_labels: their classes; one that no valued row has adds nothing to a gradient.
        max_steps: of scikit-learn's solver.

    Raises:
        ValueError: for fewer than two classes.

    References:
        Koh & Liang, "Understanding Black-box Predictions via Influence Functions", ICML 2017.
    """
    from sklearn.linear_model import LogisticRegression

    classes = np.unique(labels)
    if len(classes) < 2:
        raise ValueError(f"labels: wanted two classes or more, got {len(classes)}; add another")
    model = LogisticRegression(max_iter=max_steps).fit(inputs, labels)
    rows, others = _with_ones(inputs), _with_ones(validation_inputs)
    first = 1 if len(classes) == 2 else 0  # of two classes scikit-learn has one vector of weights
    chances = model.predict_proba(inputs)[:, first:]
    slopes = chances - (labels[:, None] == classes[first:])
    other_slopes = model.predict_proba(validation_inputs)[:, first:]
    other_slopes = other_slopes - (validation_labels[:, None] == classes[first:])
    gradient = other_slopes.T @ others / len(others)
    direction = np.linalg.solve(_hessian(rows, chances), gradient.reshape(-1))
    return ((rows @ direction.reshape(gradient.shape).T) * slopes).sum(axis=1)


def _hessian(rows: Float[np.ndarray, "n e"], chances: Float[np.ndarray, "n k"]) -> np.ndarray:
    """(k·e, k·e) second derivatives of the penalised loss by weights, class by class."""
    num_classes, num_columns = chances.shape[1], rows.shape[1]
    found = np.zeros((num_classes, num_columns, num_classes, num_columns))
    for one in range(num_classes):
        for other in range(one + 1):
            weight = chances[:, one] * ((one == other) - chances[:, other])
            found[one, :, other] = (rows * weight[:, None]).T @ rows
            found[other, :, one] = found[one, :, other].T
    penalty = np.ones(num_columns)
    penalty[-1] = INTERCEPT_PENALTY
    size = num_classes * num_columns
    return found.reshape(size, size) + np.diag(np.tile(penalty, num_classes))


def _with_ones(inputs: Num[np.ndarray, "n d"]) -> Float[np.ndarray, "n e"]:
    return np.column_stack([inputs.astype(np.float64), np.ones(len(inputs))])
