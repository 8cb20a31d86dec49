"""Which rows of a source are used: the first ones, a random draw, or as many of each class.

`select_dataset` is the same last choice for every source: it comes after all rows are there, and
before their inputs are decoded or resized where that takes long.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, get_args

import numpy as np
from jaxtyping import Int, Num

from davinz_jax.choices import check_choice
from davinz_jax.data.dataset import Dataset
from davinz_jax.data.randomness import require_generator
from davinz_jax.types import PRNGKey

Select = Literal["first", "random", "balanced"]
"""First rows in the order given, a random draw, or the first rows of each class in equal number."""


def select_dataset(
    dataset: Dataset,
    num_rows: int | None,
    num_validation_rows: int | None,
    *,
    select: Select,
    keys: Sequence[PRNGKey | None],
) -> Dataset:
    """The data set with the rows in use, and the validation rows in use.

    Args:
        dataset: all rows that a source has.
        num_rows: rows to be valued; None for all.
        num_validation_rows: rows of the validation set; None for all.
        select: which rows, as in `select_rows`; validation rows without targets cannot be balanced.
        keys: one for the rows and one for the validation rows; needed for `random` only.

    Raises:
        ValueError: as in `select_rows`.
    """
    check_choice("select", select, get_args(Select))
    validation = dataset.validation
    goals = np.zeros(len(validation)) if validation.targets is None else validation.targets
    if num_rows is not None:
        dataset = dataset.take(select_rows(dataset.targets, num_rows, select=select, key=keys[0]))
    if num_validation_rows is not None:
        rows = select_rows(
            goals, num_validation_rows, select=select, key=keys[1], argument="num_validation_rows"
        )
        validation = validation.take(rows)
    return replace(dataset, validation=validation)


def select_rows(
    targets: Num[np.ndarray, " n"],
    num: int | None,
    *,
    select: Select = "first",
    key: PRNGKey | None = None,
    argument: str = "num_rows",
) -> Int[np.ndarray, " r"]:
    """Indices of the rows to be used, in their original order.

    Args:
        targets: one target a row; classes for `balanced`.
        num: rows wanted; None for all.
        select: which rows; if `num` is no multiple of the classes, the first classes of a
            `balanced` choice give one row more.
        key: needed for `random` only.
        argument: name of the argument that gave `num`, for messages.

    Raises:
        ValueError: if fewer rows are there than wanted, or `select` is unknown.
    """
    check_choice("select", select, get_args(Select))
    total = len(targets)
    if num is None:
        return np.arange(total)
    if not 1 <= num <= total:
        raise ValueError(f"{argument}: wanted 1..{total} rows, got {num}; choose as many as exist")
    if select == "first":
        return np.arange(num)
    if select == "random":
        generator = require_generator(key, "a random choice of rows")
        return np.sort(generator.choice(total, num, replace=False))
    return _balanced_rows(targets, num, argument)


def _balanced_rows(
    targets: Num[np.ndarray, " n"], num: int, argument: str
) -> Int[np.ndarray, " r"]:
    """First rows of each class, as many of each as `num` allows."""
    if not np.issubdtype(targets.dtype, np.integer):
        raise ValueError("select: wanted classes for balanced, got real targets; choose random")
    classes, counts = np.unique(targets, return_counts=True)
    shares = np.full(len(classes), num // len(classes))
    shares[: num % len(classes)] += 1
    short = np.flatnonzero(counts < shares)
    if len(short):
        first = short[0]
        raise ValueError(
            f"{argument}: wanted {shares[first]} rows of class {classes[first]} for a balanced "
            f"choice, got {counts[first]}; choose fewer rows, or select=first"
        )
    rows = [np.flatnonzero(targets == k)[:s] for k, s in zip(classes, shares, strict=True)]
    return np.sort(np.concatenate(rows))
