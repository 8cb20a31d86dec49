"""Fitting a `TableSchema`: which columns are numbers or categories, and their statistics."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, get_args

import numpy as np

from davinz_jax.choices import check_choice
from davinz_jax.data.sources.table_columns import (
    category_names,
    check_column,
    column_of,
    is_number,
    numbers,
)
from davinz_jax.data.sources.table_faults import (
    Fault,
    is_void,
    number_faults,
    owner_faults,
    refuse,
    void_fault,
    word_faults,
)
from davinz_jax.data.sources.table_schema import (
    CategoricalColumn,
    Impute,
    NumericColumn,
    TableSchema,
)
from davinz_jax.data.targets import class_labels, infer_task
from davinz_jax.types import Task

if TYPE_CHECKING:
    import pandas as pd


def fit_schema(
    frame: "pd.DataFrame",
    validation_frame: "pd.DataFrame | None" = None,
    *,
    target: str,
    party: str | None = None,
    ignore: Sequence[str] = (),
    categorical: Sequence[str] = (),
    task: Task | None = None,
    impute: Impute | None = None,
    max_categories: int = 100,
) -> TableSchema:
    """How the columns of a table become inputs and targets.

    Means, deviations and fills are those of `frame`; categories and classes are those of both
    tables.

    Args:
        frame: table of the rows to be valued.
        validation_frame: table of the validation set.
        target: as in `load_table`.
        party: as in `load_table`.
        ignore: as in `load_table`.
        categorical: as in `load_table`.
        task: as in `load_table`.
        impute: as in `load_table`.
        max_categories: as in `load_table`.

    Raises:
        ValueError: if a column named is unknown or cannot be used, or no input column is left.
    """
    _check_names(frame, target, party, ignore, categorical, impute)
    left_out = {target, party, *ignore}
    names = [name for name in frame.columns if name not in left_out]
    if not names:
        raise ValueError("columns: wanted at least one input column, got none; ignore fewer")
    frames = (frame,) if validation_frame is None else (frame, validation_frame)
    faults = [*_owner_faults(frames, target, party)]
    for name in names:
        is_words = name in categorical or not is_number(column_of(frame, name))
        faults += _faults(frames, name, is_words, impute is not None, max_categories)
    refuse(faults, sum(map(len, frames)), ignore=ignore)
    task, classes = _fit_target(frame, validation_frame, target, task)
    mean, scale = _moments(numbers(frame, target)) if task == "regression" else (0.0, 1.0)
    columns = tuple(
        _fit_categorical(frame, validation_frame, name, impute)
        if name in categorical or not is_number(column_of(frame, name))
        else _fit_numeric(frame, name, impute)
        for name in names
    )
    return TableSchema(target, task, columns, classes, mean, scale, party)


def fit_target(
    frame: "pd.DataFrame",
    validation_frame: "pd.DataFrame | None" = None,
    *,
    target: str,
    party: str | None = None,
    task: Task | None = None,
) -> TableSchema:
    """A schema of target and parties alone, for tables whose inputs are encoded otherwise.

    Args:
        frame: as in `fit_schema`.
        validation_frame: as in `fit_schema`.
        target: as in `load_table`.
        party: as in `load_table`.
        task: as in `load_table`.

    Raises:
        ValueError: for gaps of either.
    """
    frames = (frame,) if validation_frame is None else (frame, validation_frame)
    refuse(_owner_faults(frames, target, party), sum(map(len, frames)))
    task, classes = _fit_target(frame, validation_frame, target, task)
    mean, scale = _moments(numbers(frame, target)) if task == "regression" else (0.0, 1.0)
    return TableSchema(target, task, (), classes, mean, scale, party)


def _check_names(
    frame: "pd.DataFrame",
    target: str,
    party: str | None,
    ignore: Sequence[str],
    categorical: Sequence[str],
    impute: str | None,
) -> None:
    """Every column named exists, the target is one of its own, `impute` is known."""
    check_column(target, frame.columns, "target")
    if party is not None:
        check_column(party, frame.columns, "party")
    for argument, names in (("ignore", ignore), ("categorical", categorical)):
        for name in names:
            check_column(name, frame.columns, argument)
    if target == party or target in ignore:
        raise ValueError(
            f"target: wanted a column that is neither party nor ignored, got {target}; "
            "name another one"
        )
    if impute is not None:
        check_choice("impute", impute, get_args(Impute))


def _owner_faults(
    frames: "Sequence[pd.DataFrame]", target: str, party: str | None
) -> Iterator[Fault]:
    """Gaps of the target, and of parties among the rows to be valued."""
    yield from owner_faults(target, [part for part in frames if target in part.columns])
    if party is not None:
        yield from owner_faults(party, frames[:1])


def _faults(
    frames: "Sequence[pd.DataFrame]", name: str, is_words: bool, filled: bool, most: int
) -> Iterator[Fault]:
    """What keeps an input column from being used."""
    frame, *others = frames
    if is_void(frame, name):
        yield void_fault(name)
    elif is_words:
        yield from word_faults(frame, name, others, filled=filled, most=most)
    else:
        yield from number_faults(frame, name, others, filled=filled)


def _fit_target(
    frame: "pd.DataFrame", validation_frame: "pd.DataFrame | None", target: str, task: Task | None
) -> tuple[Task, tuple[str, ...]]:
    """The task, and the names of its classes in order (of number, where they are numbers)."""
    frames = [frame]
    if validation_frame is not None and target in validation_frame.columns:
        frames.append(validation_frame)
    values = np.concatenate([_raw_target(part, target) for part in frames])
    task = infer_task(values, task)
    if task == "regression":
        return task, ()
    return task, tuple(str(value) for value in np.unique(class_labels(values, target)))


def _raw_target(frame: "pd.DataFrame", target: str) -> np.ndarray:
    """Targets as integers, floats or words, whatever the table library calls them."""
    import pandas as pd

    column = frame[target]
    if pd.api.types.is_bool_dtype(column) or not pd.api.types.is_numeric_dtype(column):
        return category_names(frame, target)
    is_whole = pd.api.types.is_integer_dtype(column)
    return column.to_numpy(dtype=np.int64 if is_whole else np.float64)


def _fit_numeric(frame: "pd.DataFrame", name: str, impute: Impute | None) -> NumericColumn:
    """Mean, deviation and fill of a column of numbers."""
    if impute is None:
        return NumericColumn(name, *_moments(numbers(frame, name)))
    present = frame.dropna(subset=[name])
    values = numbers(present, name)
    fill = {"mean": np.mean, "median": np.median, "most_frequent": _most_frequent}[impute](values)
    filled = numbers(frame, name, fill=float(fill))
    return NumericColumn(name, *_moments(filled), fill=float(fill))


def _fit_categorical(
    frame: "pd.DataFrame",
    validation_frame: "pd.DataFrame | None",
    name: str,
    impute: Impute | None,
) -> CategoricalColumn:
    """Categories and fill of a column of words."""
    fill = None
    if impute is not None:
        present = frame.dropna(subset=[name])
        fill = str(_most_frequent(category_names(present, name)))
    frames = [frame] if validation_frame is None else [frame, validation_frame]
    words = np.concatenate([category_names(part, name, fill=fill) for part in frames])
    categories = tuple(str(word) for word in np.unique(words))
    return CategoricalColumn(name, categories, fill)


def _moments(values: np.ndarray) -> tuple[float, float]:
    """Mean and standard deviation (of the population); 1 for a constant column."""
    return float(values.mean()), float(values.std()) or 1.0


def _most_frequent(values: np.ndarray) -> float | str:
    """The value found most often; the smallest of several."""
    found, counts = np.unique(values, return_counts=True)
    return found[np.argmax(counts)]
