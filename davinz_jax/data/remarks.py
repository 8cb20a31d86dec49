"""What a reader of a result should know of data that are legal and look like a slip.

One value far outside its column decides the column's mean and deviation; two names that differ in
blanks or case are two parties.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np
from jaxtyping import Float, Num

from davinz_jax.data.dataset import Dataset

SHARE = 0.99
"""Share of a column's squares about its median that few values must hold to be extreme."""

FEW = 100
"""Of so many rows one is few; at least one is."""

MOST = 3
"""Columns, or groups of names, that a remark shows."""


def with_remarks(dataset: Dataset) -> Dataset:
    """The data set with a note for each remark."""
    return replace(dataset, notes=(*dataset.notes, *remarks(dataset)))


def remarks(dataset: Dataset) -> tuple[str, ...]:
    """What looks like a slip in a data set, with the remedy; empty where nothing does."""
    found = list(_extremes(dataset))
    if dataset.parties is not None:
        found += _alike("parties", dataset.parties.names)
    return tuple([*found, *_alike("classes", dataset.class_names)])


def _extremes(dataset: Dataset) -> Iterator[str]:
    """One remark on all columns, and the target, that few values stretch."""
    found = []
    if dataset.inputs.ndim == 2 and dataset.input_kind == "numbers":
        names = dataset.feature_names or [f"column {k}" for k in range(dataset.inputs.shape[1])]
        every = np.concatenate([dataset.inputs, dataset.validation.inputs])
        found = [(names[k], every[:, k]) for k in extreme_columns(every)]
    if dataset.task == "regression" and extreme_columns(dataset.targets[:, None]):
        found.append(("targets", dataset.targets))
    if found:
        shown = ", ".join(_tell_extreme(name, column, dataset) for name, column in found[:MOST])
        more = f" and of {len(found) - MOST} more" if len(found) > MOST else ""
        yield (
            f"one value in {FEW} or fewer makes up the spread of {shown}{more}; mend or drop such "
            "rows, or take the column's logarithm"
        )


def extreme_columns(inputs: Num[np.ndarray, "n d"]) -> list[int]:
    """Columns in which few values hold nearly all of the spread, while most rows do differ.

    >>> extreme_columns(np.array([[1.0, 1.0], [2.0, 2.0], [3.0, 3.0], [4.0, 9e9]]))
    [1]
    """
    return [k for k in range(inputs.shape[1]) if _is_extreme(inputs[:, k].astype(np.float64))]


def _is_extreme(column: Float[np.ndarray, " n"]) -> bool:
    low, middle, high = np.quantile(column, [0.25, 0.5, 0.75])
    squares = np.square(column - middle)
    few = -(-len(column) // FEW)
    largest = np.partition(squares, len(column) - few)[-few:].sum()
    return bool(low < high and largest >= SHARE * squares.sum())


def _tell_extreme(name: str, column: Num[np.ndarray, " n"], dataset: Dataset) -> str:
    """A column, whose first rows are valued and whose others judge, and its extreme."""
    low, middle, high = np.quantile(column.astype(np.float64), [0.25, 0.5, 0.75])
    row = int(np.abs(column - middle).argmax())
    return (
        f"{name} ({column[row]:.4g} in {_place(row, dataset)}, half of all within {low:.4g} to "
        f"{high:.4g} as encoded)"
    )


def _place(row: int, dataset: Dataset) -> str:
    """Where a row stands: in its source where that is known."""
    if row >= len(dataset):
        return f"validation row {row - len(dataset)}"
    where = f"row {row}" if dataset.lines is None else f"line {dataset.lines[row]}"
    return where if dataset.ids is None else f"{dataset.ids[row]} ({where})"


def _alike(what: str, names: Iterable[str]) -> list[str]:
    """One remark on all names that are the same without blanks and case."""
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(name.strip().casefold(), []).append(name)
    several = [", ".join(map(repr, group)) for group in groups.values() if len(group) > 1]
    if not several:
        return []
    more = f" and {len(several) - MOST} more groups" if len(several) > MOST else ""
    return [
        f"{what}: {'; '.join(several[:MOST])}{more} differ in blanks or case alone and are counted "
        "apart; rename them if they are one"
    ]
