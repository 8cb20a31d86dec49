"""Checks that every source's result passes before anything is computed on it."""

import math

import numpy as np
from jaxtyping import Num, Shaped

from davinz_jax.data.dataset import Dataset, Parties

LARGEST = 1e30
"""Largest number whose square, and sums of squares, a float32 or float64 kernel still holds."""


def validate(dataset: Dataset) -> Dataset:
    """The data set given, once its fields have passed every check.

    Raises:
        ValueError: if there are no rows, no validation rows or no inputs in a row, lengths or
            shapes disagree, a value is NaN, infinite or beyond 1e30, a label lies outside
            0..num_classes-1, there is one class only, or all targets of a regression are one
            number.
    """
    inputs, validation = dataset.inputs, dataset.validation
    if len(inputs) == 0:
        raise ValueError("inputs: wanted at least one row, got none; give data to be valued")
    if len(validation) == 0:
        raise ValueError(
            "validation set: wanted at least one row, got none; give one, or a holdout fraction"
        )
    wanted = np.integer if dataset.input_kind == "tokens" else np.floating
    _check_shapes(inputs, validation.inputs, wanted)
    _check_targets("targets", dataset.targets, len(inputs), dataset)
    if validation.targets is not None:
        _check_targets("validation_targets", validation.targets, len(validation), dataset)
    _check_finite("inputs", inputs, dataset.feature_names)
    _check_finite("validation_inputs", validation.inputs, dataset.feature_names)
    if dataset.task == "classification":
        _check_several_classes(dataset.targets)
    elif (dataset.targets == dataset.targets[0]).all():
        raise ValueError(
            f"targets: wanted numbers that differ, got {dataset.targets[0]:g} in each of "
            f"{len(inputs)} rows; name another target"
        )
    if dataset.lines is not None and dataset.lines.shape != inputs.shape[:1]:
        raise ValueError(
            f"lines: wanted one for each of {len(inputs)} rows, got shape {dataset.lines.shape}; "
            "give where each row stands in its source, or None"
        )
    if dataset.parties is not None:
        _check_parties(dataset.parties, len(inputs))
    return dataset


def _check_shapes(
    inputs: Shaped[np.ndarray, "..."],
    validation_inputs: Shaped[np.ndarray, "..."],
    wanted: type[np.number],
) -> None:
    for name, values in (("inputs", inputs), ("validation_inputs", validation_inputs)):
        if values.ndim not in (2, 4):
            raise ValueError(
                f"{name}: wanted shape (n, d) or (n, h, w, c), got {values.shape}; reshape them"
            )
        if not np.issubdtype(values.dtype, wanted):
            raise ValueError(_explain_dtype(name, values.dtype, wanted))
    if not math.prod(inputs.shape[1:]):
        raise ValueError(
            f"inputs: wanted at least one number in a row, got shape {inputs.shape}; give rows "
            "with features"
        )
    if inputs.shape[1:] != validation_inputs.shape[1:]:
        raise ValueError(
            f"validation_inputs: wanted rows of shape {inputs.shape[1:]} as in inputs, got "
            f"{validation_inputs.shape[1:]}; prepare both in the same way"
        )


def _explain_dtype(name: str, got: np.dtype, wanted: type[np.number]) -> str:
    if wanted is np.floating:
        return (
            f"{name}: wanted floats, got {got}; convert them to float32, or say "
            "input_kind='tokens' where they are ids of tokens"
        )
    return f"{name}: wanted integers as ids of tokens, got {got}; give input_kind='numbers'"


def require_numbers(dataset: Dataset, asker: str) -> None:
    """Refuses ids of tokens where rows are compared, or changed, as numbers.

    Args:
        dataset: the rows.
        asker: what compares or changes them, as it begins the message.

    Raises:
        ValueError: if its inputs are ids of tokens.
    """
    if dataset.input_kind == "tokens":
        raise ValueError(
            f"{asker}: wanted rows of numbers, got texts as ids of tokens; give the features of a "
            "network in their place, as by Dataset.map_inputs"
        )


def _check_targets(
    name: str, targets: Shaped[np.ndarray, "..."], count: int, dataset: Dataset
) -> None:
    if targets.shape != (count,):
        raise ValueError(
            f"{name}: wanted one target for each of {count} rows, got shape {targets.shape}; "
            "give as many targets as inputs"
        )
    if dataset.task == "regression":
        _check_finite(name, targets, ())
    else:
        check_labels(name, targets, dataset.num_classes)


def check_labels(name: str, labels: Shaped[np.ndarray, " n"], num_classes: int | None) -> None:
    """Refuses labels that are not integers in 0..num_classes-1; None leaves the upper end open.

    Raises:
        ValueError: naming `name` and the range found.
    """
    if not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(
            f"{name}: wanted integer classes, got {labels.dtype}; "
            "convert them, or set task=regression"
        )
    last = np.inf if num_classes is None else num_classes - 1
    if len(labels) and not 0 <= labels.min() <= labels.max() <= last:
        end = "k-1" if num_classes is None else last
        raise ValueError(
            f"{name}: wanted labels in 0..{end}, got {labels.min()}..{labels.max()}; "
            "renumber them from 0, or give num_classes"
        )


def _check_several_classes(labels: Shaped[np.ndarray, " n"]) -> None:
    found = np.unique(labels)
    if len(found) < 2:
        raise ValueError(
            f"targets: wanted at least two classes, got only class {found[0]}; "
            "add rows of another class, or set task=regression"
        )


def _check_finite(name: str, values: Num[np.ndarray, "n ..."], columns: tuple[str, ...]) -> None:
    finite = np.isfinite(values)
    if finite.all():
        _check_size(name, values)
        return
    bad_rows = np.flatnonzero(~finite.reshape(len(values), -1).all(axis=1))
    where = ""
    if columns and values.ndim == 2:
        where = f" in {', '.join(np.array(columns)[~finite.all(axis=0)])}"
    raise ValueError(
        f"{name}: wanted finite values, got NaN or infinity in {len(bad_rows)} of {len(values)} "
        f"rows{where}, first in row {bad_rows[0]}; remove these rows or mend their values"
    )


def _check_size(name: str, values: Num[np.ndarray, "n ..."]) -> None:
    """Refuses numbers whose squares overflow."""
    worst = max(float(values.max(initial=0)), -float(values.min(initial=0)))
    if worst > LARGEST:
        raise ValueError(
            f"{name}: wanted numbers of at most {LARGEST:g}, got one of size {worst:.3g}; mend it, "
            "or count in a larger unit"
        )


def _check_parties(parties: Parties, count: int) -> None:
    if len(parties.indices) != count:
        raise ValueError(
            f"parties: wanted one party for each of {count} rows, got {len(parties.indices)}; "
            "name the party of each row"
        )
