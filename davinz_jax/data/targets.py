"""What a column of raw targets says: the task, and the classes."""

from typing import get_args

import numpy as np
from jaxtyping import Shaped

from davinz_jax.choices import check_choice
from davinz_jax.types import Task

_MANY = 20


def infer_task(targets: Shaped[np.ndarray, " n"], task: Task | None = None) -> Task:
    """The task given, else classification for integers, booleans and words, regression for floats.

    Raises:
        ValueError: if `task` is unknown, or integers are too many to be classes without being told.

    >>> infer_task(np.array([0.5, 1.25]))
    'regression'
    """
    if task is not None:
        check_choice("task", task, get_args(Task))
        return task
    if np.issubdtype(targets.dtype, np.floating):
        return "regression"
    distinct = len(np.unique(targets))
    if np.issubdtype(targets.dtype, np.integer) and distinct > max(_MANY, len(targets) // 10):
        raise ValueError(
            f"task: wanted few distinct integers as classes, got {distinct} in {len(targets)} "
            "targets; set task=regression, or task=classification if they are classes"
        )
    return "classification"


def class_labels(targets: Shaped[np.ndarray, " n"], argument: str) -> Shaped[np.ndarray, " n"]:
    """Targets as classes: whole floats and booleans as integers, words and integers as they are.

    Raises:
        ValueError: if floats are not whole numbers.
    """
    if targets.dtype == bool:
        return targets.astype(np.int64)
    if not np.issubdtype(targets.dtype, np.floating):
        return targets
    if not np.all(np.isfinite(targets)) or np.any(targets != np.round(targets)):
        raise ValueError(
            f"{argument}: wanted whole numbers as classes, got other ones; set task=regression"
        )
    return targets.astype(np.int64)
