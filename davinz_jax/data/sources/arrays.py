"""A user's own arrays, from one npz file; nothing in it is unpickled.

The file holds `inputs` and `targets`, and may hold `parties` (one label a row), `validation_inputs`
and `validation_targets` (in golden files these two are called `target_inputs` and
`target_targets`).
"""

import math
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from jaxtyping import Float, Shaped

from davinz_jax.choices import check_choice
from davinz_jax.data.checks import check_labels, validate
from davinz_jax.data.dataset import Dataset, Parties, Validation
from davinz_jax.data.holdout import Holdout, hold_out, identical_rows
from davinz_jax.data.local import PathLike, unreadable_file
from davinz_jax.data.randomness import split_key
from davinz_jax.data.remarks import with_remarks
from davinz_jax.data.selection import Select, select_dataset
from davinz_jax.data.targets import class_labels, infer_task
from davinz_jax.files import DAMAGED
from davinz_jax.types import PRNGKey, Progress, Task

Layout = Literal["nhwc", "nchw"]
Arrays = Mapping[str, Shaped[np.ndarray, "..."]]

_NAMES = {
    "inputs": "inputs",
    "targets": "targets",
    "parties": "parties",
    "target_inputs": "validation_inputs",
    "target_targets": "validation_targets",
    "validation_inputs": "validation_inputs",
    "validation_targets": "validation_targets",
}
"""What each array that we know is called here, by its name in the file."""

_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
"""What a damaged archive, one of another kind, or an encrypted one is refused with."""


def load_arrays(
    path: PathLike,
    *,
    validation_path: PathLike | None = None,
    layout: Layout = "nhwc",
    task: Task | None = None,
    num_classes: int | None = None,
    num_rows: int | None = None,
    num_validation_rows: int | None = None,
    select: Select = "first",
    holdout: Holdout = 0.2,
    key: PRNGKey | None = None,
    progress: Progress | None = None,
) -> Dataset:
    """Arrays of an npz file as a data set.

    Args:
        path: npz file as the module describes it. Inputs are (n, d); (n, h, w), which become
            (n, h, w, 1); or (n, h, w, c). Integers become float32, floats keep their precision.
        validation_path: npz file whose `inputs` and `targets` are the validation set; None for
            the file's own.
        layout: where the channels of four-dimensional inputs are: last, or nchw first.
        task: None infers it: classification for integer targets, regression for floats.
        num_classes: classes, labelled from 0; None for those found, which must leave no gap.
        num_rows: rows to be valued; None for all.
        num_validation_rows: rows of the validation set; None for all.
        select: which rows, as in `select_rows`.
        holdout: share of the rows held out where the file has no validation set.
        key: needed for a held-out validation set and for select=random.
        progress: taken as by every source; there is nothing to wait for.

    Returns:
        The data set, channels last; a note says if its validation set was held out.

    Raises:
        ValueError: if the file is missing, corrupt or lacks an array, shapes disagree, values are
            not finite, labels lie outside 0..k-1, or there is no validation set and no holdout.
    """
    arrays = dict(_read_npz(Path(path)))
    if validation_path is not None:
        arrays |= _name_validation_set(_read_npz(Path(validation_path)))
    _check_lengths(arrays)
    hold_key, *row_keys = split_key(key, 3)
    arrays["lines"] = np.arange(1, len(arrays["inputs"]) + 1)
    note = ""
    if "validation_inputs" not in arrays:
        arrays, note = _hold_out_rows(arrays, holdout, hold_key, Path(path).name)
    task = infer_task(arrays["targets"], task)
    arrays, num_classes = _prepare_targets(arrays, task, num_classes)
    dataset = Dataset(
        channels_last("inputs", arrays["inputs"], layout),
        arrays["targets"],
        task=task,
        num_classes=num_classes,
        validation=Validation(
            channels_last("validation_inputs", arrays["validation_inputs"], layout),
            arrays.get("validation_targets"),
        ),
        name=Path(path).stem,
        parties=Parties.from_names(arrays["parties"]) if "parties" in arrays else None,
        notes=(note,) if note else (),
        lines=arrays["lines"],
    )
    used = select_dataset(dataset, num_rows, num_validation_rows, select=select, keys=row_keys)
    return with_remarks(validate(used))


def channels_last(
    name: str, inputs: Shaped[np.ndarray, "n ..."], layout: Layout
) -> Float[np.ndarray, "n ..."]:
    """Inputs as floats of shape (n, d) or (n, h, w, c).

    Raises:
        ValueError: if they are not numbers, or have another number of dimensions.
    """
    check_choice("layout", layout, get_args(Layout))
    if inputs.dtype.kind not in "biuf":
        raise ValueError(f"{name}: wanted numbers, got {inputs.dtype}; convert them first")
    if inputs.ndim not in (2, 3, 4):
        raise ValueError(
            f"{name}: wanted shape (n, d), (n, h, w) or (n, h, w, c), got {inputs.shape}; "
            "reshape them"
        )
    if inputs.dtype not in (np.float32, np.float64):
        inputs = inputs.astype(np.float32)
    if inputs.ndim == 3:
        return inputs[..., None]
    if inputs.ndim == 4 and layout == "nchw":
        return np.ascontiguousarray(inputs.transpose(0, 2, 3, 1))  # (n, c, h, w) -> (n, h, w, c)
    return inputs


def _read_npz(path: Path) -> Arrays:
    """Arrays of the file by name, those that we know only."""
    if not path.is_file():
        raise ValueError(f"path: wanted an npz file, got {path}, which is no file; check the path")
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            found = list(archive.files)
            for name in set(found) & set(_NAMES):
                _check_header(archive.zip, name)
            arrays = {own: archive[name] for name, own in _NAMES.items() if name in found}
    except DAMAGED as error:
        raise unreadable_file(path, "an npz file of plain arrays", error) from error
    missing = [name for name in ("inputs", "targets") if name not in arrays]
    if missing:
        raise ValueError(
            f"{path}: wanted arrays inputs and targets, got {', '.join(found) or 'none'}; "
            f"add {' and '.join(missing)}"
        )
    return arrays


def _check_header(archive: zipfile.ZipFile, name: str) -> None:
    """Refuses an array whose header claims more or less than the file holds of it."""
    member = archive.getinfo(f"{name}.npy")
    with archive.open(member) as file:
        version = np.lib.format.read_magic(file)
        if version not in _HEADERS:
            return
        shape, _, dtype = _HEADERS[version](file)
        size = math.prod(shape) * dtype.itemsize
        if not dtype.hasobject and size != member.file_size - file.tell():
            raise ValueError(
                f"{name} of shape {shape}, {size:,} bytes by its header, in "
                f"{member.file_size:,} bytes"
            )


def _name_validation_set(arrays: Arrays) -> Arrays:
    """Rows of a file in the role of the validation set."""
    return {f"validation_{name}": arrays[name] for name in ("inputs", "targets")}


def _check_lengths(arrays: Arrays) -> None:
    """One target and one party label a row."""
    for name, of in (
        ("targets", "inputs"), ("parties", "inputs"), ("validation_targets", "validation_inputs"),
    ):  # fmt: skip
        if name not in arrays:
            continue
        if of not in arrays:
            raise ValueError(f"{of}: wanted them beside {name}, got none; add them")
        if arrays[of].ndim == 0 or arrays[name].shape != arrays[of].shape[:1]:
            raise ValueError(
                f"{name}: wanted shape {arrays[of].shape[:1]} as of {of}, got "
                f"{arrays[name].shape}; give one value a row"
            )
    if arrays["inputs"].ndim > 1 and not math.prod(arrays["inputs"].shape[1:]):
        raise ValueError(
            f"inputs: wanted at least one number in a row, got shape {arrays['inputs'].shape}; "
            "give rows with features"
        )
    if len(arrays["inputs"]) == 0:
        raise ValueError("inputs: wanted at least one row, got none; give data to be valued")


def _hold_out_rows(
    arrays: Arrays, holdout: Holdout, key: PRNGKey | None, source: str
) -> tuple[dict[str, Shaped[np.ndarray, "..."]], str]:
    """The arrays with a share of their rows as validation set."""
    kept, held, note = hold_out(
        len(arrays["inputs"]),
        fraction=holdout,
        parties=arrays.get("parties"),
        key=key,
        source=source,
        groups=identical_rows(arrays["inputs"]),
    )
    split = {name: values[kept] for name, values in arrays.items()}
    split["validation_inputs"] = arrays["inputs"][held]
    split["validation_targets"] = arrays["targets"][held]
    return split, note


def _prepare_targets(
    arrays: Arrays, task: Task, num_classes: int | None
) -> tuple[dict[str, Shaped[np.ndarray, "..."]], int]:
    """The arrays with targets of the task's kind, and the number of classes."""
    names = [name for name in ("targets", "validation_targets") if name in arrays]
    if task == "regression":
        kept = {name: _real_targets(name, arrays[name]) for name in names}
        return {**arrays, **kept}, 1
    kept = {name: class_labels(arrays[name], name) for name in names}
    for name in names:
        check_labels(name, kept[name], num_classes)
    if num_classes is None:
        num_classes = _found_classes(kept)
    return {**arrays, **{name: kept[name].astype(np.int64) for name in names}}, num_classes


def _real_targets(name: str, targets: Shaped[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    if targets.dtype.kind not in "biuf":
        raise ValueError(f"{name}: wanted numbers, got {targets.dtype}; set task=classification")
    return targets if targets.dtype == np.float64 else targets.astype(np.float32)


def _found_classes(targets: Mapping[str, Shaped[np.ndarray, " n"]]) -> int:
    """Classes in use, which must be 0..k-1 without a gap."""
    found = np.unique(np.concatenate(list(targets.values())))
    if found[-1] != len(found) - 1:
        raise ValueError(
            f"targets: wanted labels 0..k-1, got {len(found)} distinct ones up to {found[-1]}; "
            "renumber them, or give num_classes if some classes have no row"
        )
    return len(found)
