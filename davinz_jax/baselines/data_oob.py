"""Data-OOB: how often models that did not draw a row for training are right about it.

Models are fitted to bootstrap draws of the rows; a row's value is the mean score of its label (or
number) under the models whose draw left it out. No validation set is needed.
"""

from typing import Any, Literal

import jax
import numpy as np
from jaxtyping import Float, Num

from davinz_jax.types import PRNGKey

Learner = Literal["logistic", "tree"]
Score = Literal["hit", "chance"]


def row_values(
    inputs: Num[np.ndarray, "n d"],
    targets: Num[np.ndarray, " n"],
    *,
    key: PRNGKey,
    learner: Learner | Any = "logistic",
    score: Score = "hit",
    num_models: int = 1000,
    is_regression: bool = False,
) -> Float[np.ndarray, " n"]:
    """Out-of-bag value of each row.

    Args:
        inputs: rows that were valued, standardised for a logistic regression.
        targets: classes, or numbers.
        key: draws the bootstrap samples.
        learner: logistic regression, or decision trees of full depth, scikit-learn's as they come;
            or an estimator of one's own.
        score: of a class: whether it is the one predicted, or its chance.
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
        total[left] += _scores(model, inputs[left], targets[left], classes, score)
        count[left] += 1
    seen = count > 0
    values = np.divide(total, count, out=np.zeros(len(targets)), where=seen)
    values[~seen] = values[seen].mean() if seen.any() else 0.0
    return values


def _scores(model: Any, inputs, targets, classes: np.ndarray | None, score: Score) -> np.ndarray:
    """How right a model is about rows; models of a bag of classes know them by their number."""
    if classes is None:
        return -np.square(model.predict(inputs) - targets)
    if score == "hit":
        return (classes[model.predict(inputs).astype(int)] == targets).astype(float)
    known = classes[model.classes_.astype(int)] == targets[:, None]
    return (model.predict_proba(inputs) * known).sum(axis=1)


def _bagging(learner: Any, num_models: int, seed: int, is_regression: bool):
    from sklearn.ensemble import BaggingClassifier, BaggingRegressor
    from sklearn.linear_model import LogisticRegression
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    if is_regression and learner != "tree":
        raise ValueError(f"learner: wanted tree for numbers, got {learner}; set learner='tree'")
    if is_regression:
        return BaggingRegressor(DecisionTreeRegressor(), num_models, random_state=seed)
    named = {"tree": DecisionTreeClassifier, "logistic": LogisticRegression}
    made = named[learner]() if isinstance(learner, str) else learner
    return BaggingClassifier(made, num_models, random_state=seed)


def _seed(key: PRNGKey) -> int:
    return int(jax.random.randint(key, (), 0, np.iinfo(np.int32).max))
