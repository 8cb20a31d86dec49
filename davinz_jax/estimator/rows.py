"""What an estimator is given, as a dataset: a table as `load_table` has it, images as they are."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from jaxtyping import Shaped
from sklearn.utils import check_consistent_length, column_or_1d

from davinz_jax.data import load_table, partition_rows
from davinz_jax.data.checks import validate
from davinz_jax.data.dataset import Dataset, Parties, Validation
from davinz_jax.data.tabular.memory import frame_of
from davinz_jax.data.targets import infer_task
from davinz_jax.types import Task

if TYPE_CHECKING:
    import pandas as pd

Array = Shaped[np.ndarray, "n ..."]


class Given(NamedTuple):
    """What `fit` was given, checked and of one length each.

    Attributes:
        inputs: a pandas frame, or an array (n, d), (n, h, w) or (n, h, w, c).
        targets: (n,) labels or numbers.
        validation_inputs: like `inputs`; None where rows judge each other.
        validation_targets: like `targets`; None where nobody knows them.
    """

    inputs: Any
    targets: Any
    validation_inputs: Any = None
    validation_targets: Any = None


def make_dataset(
    given: Given,
    *,
    task: Task | None,
    standardise: bool,
    impute: Any,
) -> Dataset:
    """Rows to be valued with their validation set, which is themselves if none is given.

    Args:
        given: rows, and perhaps a validation set.
        task: None infers it, as `infer_task`.
        standardise: whether columns are standardised, and words become columns of 0 and 1.
        impute: what fills gaps of a table, as in `load_table`.

    Raises:
        ValueError: as `load_table` and `validate`.
    """
    is_table = hasattr(given.inputs, "columns") or given.inputs.ndim == 2
    if is_table and standardise:
        return _of_table(given, task, impute)
    return _of_arrays(given, task)


def make_parties(dataset: Dataset, groups: Any) -> tuple[Parties, Array]:
    """The players and what they are called by their user: labels of groups, or numbers of rows."""
    if groups is None:
        return partition_rows(dataset)[1], np.arange(len(dataset))
    import pandas as pd

    groups = column_or_1d(groups)
    check_consistent_length(dataset.inputs, groups)
    if pd.isna(groups).any():
        raise ValueError(
            f"groups: wanted whose each row is, got {pd.isna(groups).sum()} rows without; name "
            "theirs, or drop these rows"
        )
    labels, indices = np.unique(groups, return_inverse=True)
    return Parties(indices.astype(np.int64), tuple(map(str, labels))), labels


def class_values(given: Given) -> Array:
    """Labels of all classes as they were given, in the order of their numbers."""
    known = [given.targets] if given.validation_targets is None else [*given[1::2]]
    return np.unique(np.concatenate([np.asarray(each) for each in known]))


def _of_table(given: Given, task: Task | None, impute: Any) -> Dataset:
    """Rows of a table, encoded as those of a file."""
    frame = _frame(given.inputs)
    target = "y"
    while target in frame.columns:
        target += "_"
    held = given.validation_inputs
    other = None if held is None else _frame(held)
    if other is not None and given.validation_targets is not None:
        other = other.assign(**{target: given.validation_targets})
    dataset = load_table(
        frame.assign(**{target: given.targets}),
        target=target,
        task=task,
        validation_path=other,
        holdout="none",
        impute=impute,
    )
    return replace(dataset, lines=None)  # rows are counted as Python does


def _frame(inputs: Any) -> "pd.DataFrame":
    names = None if hasattr(inputs, "columns") else [f"x{k}" for k in range(inputs.shape[1])]
    return frame_of(inputs, names)


def _of_arrays(given: Given, task: Task | None) -> Dataset:
    """Rows as they are: images, or columns that their user has scaled."""
    task = infer_task(np.asarray(given.targets), task)
    targets, held = (_targets(each, given, task) for each in given[1::2])
    inputs = _floats(given.inputs)
    others = inputs if given.validation_inputs is None else _floats(given.validation_inputs)
    classes = class_values(given) if task == "classification" else ()
    return validate(
        Dataset(
            inputs,
            targets,  # pyright: ignore[reportArgumentType]
            task,
            max(len(classes), 1),
            Validation(others, targets if given.validation_inputs is None else held),
            class_names=tuple(map(str, classes)),
        )
    )


def _targets(targets: Any, given: Given, task: Task) -> Any:
    """Numbers, or the number of each label; None of none."""
    if targets is None:
        return None
    if task == "regression":
        return np.asarray(targets, np.float32)
    return np.searchsorted(class_values(given), np.asarray(targets))


def _floats(inputs: Any) -> Array:
    """Rows in float32 or float64, channels last."""
    array = np.asarray(inputs)
    array = array if array.dtype in (np.float32, np.float64) else array.astype(np.float32)
    return array[..., None] if array.ndim == 3 else array
