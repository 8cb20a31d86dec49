"""Data-OOB: how often models that did not draw a row for training are right about it.

Models are fitted to bootstrap draws of the rows; a row's value is the mean score of its label (or
number) under the models whose draw left it out. No validation set is needed.
"""

from typing import Literal

import jax
import numpy as np
from jaxtyping import Float, Num

from davinz_jax.types import PRNGKey

Learner = Literal["logistic", "tree"]


def row_values(
    inputs: Num[np.ndarray, "n d"],
    targets: Num[np.ndarray, " n"],
    *,
    key: PRNGKey,
    learner: Learner = "logistic",
    num_models: int = 1000,
    is_regression: bool = False,
) -> Float[np.ndarray, " n"]:
    """Out-of-bag value of each row.

    Args:
        inputs: rows that were valued, standardised for a logistic regression.
        targets: classes, or numbers.
        key: draws the bootstrap samples.
        learner: logistic regression, or decision trees of full depth; scikit-learn's, as they come.
        num_models: bootstrap draws.
        is_regression: whether targets are numbers, predicted by trees.

    Returns:
        Shares of models that are right (0 to 1), or minus mean squared errors; a row that every
        draw holds has the mean of the others.

    Raises:
        ValueError: for a logistic regression of numbers, or no model.

    References:
        Kwon & Zou, "Data-OOB: Out-of-bag Estimate as a Simple and Efficient Data Value", ICML 2023.
    """
    if num_models < 1:
        raise ValueError(f"num_models: wanted 1 or more, got {num_models}; 1000 is the paper's")
    bagged = _bagging(learner, num_models, _seed(key), is_regression).fit(inputs, targets)
    classes = None if is_regression else np.unique(targets)
    total, count = np.zeros(len(targets)), np.zeros(len(targets))
    for model, drawn in zip(bagged.estimators_, bagged.estimators_samples_, strict=True):
        left = np.ones(len(targets), bool)
        left[drawn] = False
        if not left.any():
            continue
        found = model.predict(inputs[left])
        if classes is None:
            total[left] -= np.square(found - targets[left])
        else:
            total[left] += classes[found.astype(int)] == targets[left]
        count[left] += 1
    seen = count > 0
    values = np.divide(total, count, out=np.zeros(len(targets)), where=seen)
    values[~seen] = values[seen].mean() if seen.any() else 0.0
    return values


def _bagging(learner: Learner, num_models: int, seed: int, is_regression: bool):
    from sklearn.ensemble import BaggingClassifier, BaggingRegressor
    from sklearn.linear_model import LogisticRegression
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    if is_regression and learner != "tree":
        raise ValueError(f"learner: wanted tree for numbers, got {learner}; set learner='tree'")
    if is_regression:
        return BaggingRegressor(DecisionTreeRegressor(), num_models, random_state=seed)
    made = DecisionTreeClassifier() if learner == "tree" else LogisticRegression()
    return BaggingClassifier(made, num_models, random_state=seed)


def _seed(key: PRNGKey) -> int:
    return int(jax.random.randint(key, (), 0, np.iinfo(np.int32).max))
