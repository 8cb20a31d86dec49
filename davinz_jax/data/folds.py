"""Rows that judge each other in turn, for data without a validation set of its own.

Each row is held out in one of K folds, and is judged by what the rows of the other folds make of
it (cross-fitting). Identical rows fall in one fold, so that none is judged by its own copy.
"""

from dataclasses import replace

import numpy as np
from jaxtyping import Int, Num

from davinz_jax.data.dataset import Dataset, Validation
from davinz_jax.data.holdout import NO_HOLDOUT, identical_rows
from davinz_jax.data.randomness import require_generator
from davinz_jax.types import PRNGKey

NUM_FOLDS = 5
"""Folds by default: each coalition has four fifths of its rows."""


def cross_fit(dataset: Dataset, *, num_folds: int | None = None, key: PRNGKey) -> Dataset:
    """The same rows, each with the fold that it is held out in; they are the validation set.

    Classes are shared out evenly among folds.

    Args:
        dataset: rows to be valued; its validation set is put aside.
        num_folds: K ≥ 2; None for `NUM_FOLDS`, or fewer where fewer rows differ.
        key: draws the folds.

    Raises:
        ValueError: for fewer than two folds, or fewer different rows than folds.
    """
    classes = dataset.targets if dataset.task == "classification" else np.zeros(len(dataset))
    groups = identical_rows(dataset.inputs)
    if num_folds is None:
        num_folds = min(NUM_FOLDS, max(len(np.unique(groups)), 2))
    folds = draw_folds(groups, classes, num_folds, key=key)
    kept = tuple(note for note in dataset.notes if note != NO_HOLDOUT)
    note = (
        f"validation set: the {len(dataset)} rows themselves, each held out in one of {num_folds} "
        "folds and judged by the others"
    )
    validation = Validation(dataset.inputs, dataset.targets)
    return replace(dataset, validation=validation, folds=folds, notes=(note, *kept))


def draw_folds(
    groups: Int[np.ndarray, " n"], classes: Num[np.ndarray, " n"], num_folds: int, *, key: PRNGKey
) -> Int[np.ndarray, " n"]:
    """A fold of each row: groups stay together, and are dealt in random order, class by class.

    Args:
        groups: rows of one number fall in one fold.
        classes: dealt one after the other; that of a group is its first row's.
        num_folds: K ≥ 2.
        key: draws the order.

    Raises:
        ValueError: for fewer than two folds, or fewer groups than folds.
    """
    _, first, place = np.unique(groups, return_index=True, return_inverse=True)
    if not 2 <= num_folds <= len(first):
        raise ValueError(
            f"num_folds: wanted 2..{len(first)} folds of rows that differ, got {num_folds}; "
            "5 are usual"
        )
    order = require_generator(key, "folds of rows").permutation(len(first))
    dealt = order[np.argsort(classes[first[order]], kind="stable")]
    of_group = np.empty(len(first), np.int64)
    of_group[dealt] = np.arange(len(first)) % num_folds
    return of_group[place.reshape(-1)]
