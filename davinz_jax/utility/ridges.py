"""A ridge as it was asked for, found for the kernel at hand."""

import numpy as np
from jaxtyping import Float, Int, Num, ScalarLike

from davinz_jax.data.dataset import Dataset
from davinz_jax.kernels import Kernel, target_columns
from davinz_jax.linalg import (
    LeaveOneOut,
    RidgeCurve,
    inverse_temperature,
    leave_one_out,
    mean_diagonal,
)
from davinz_jax.utility.options import RidgeUnit


def find_ridge(
    kernel: Kernel,
    dataset: Dataset,
    *,
    ridge: ScalarLike | str,
    unit: RidgeUnit = "absolute",
    ensemble: bool = False,
) -> float | RidgeCurve:
    """λ in the kernel's unit, or for `auto` the curve that chose it.

    Args:
        kernel: of the dataset's rows.
        dataset: whose targets the leave-one-out error is of.
        ridge: a number ≥ 0, or `auto`.
        unit: of the number.
        ensemble: judge the mean prediction over initialisations, not each one's.

    Raises:
        ValueError: as `linalg.leave_one_out`; for a ridge relative to a kernel of zeros.
    """
    if isinstance(ridge, str):
        return _leave_one_out(kernel, dataset, ensemble=ensemble).curve
    scale = mean_diagonal(kernel.blocks, kernel.rows) if unit == "relative" else 1.0
    return float(np.asarray(ridge)) * scale


def find_temperature(kernel: Kernel, dataset: Dataset, *, ridge: float, ensemble: bool) -> float:
    """Temperature at which the cross-entropy of rows left out is least, on average over draws.

    A row is left out together with its copies, which would give its label away.

    Args:
        kernel: of the dataset's rows, with one output a class.
        dataset: whose classes are predicted.
        ridge: λ > 0, absolute.
        ensemble: of the mean prediction over initialisations.
    """
    grid = [ridge / mean_diagonal(kernel.blocks, kernel.rows)]
    groups = find_copies(dataset.inputs)
    left = _leave_one_out(kernel, dataset, ensemble=ensemble, grid=grid, groups=groups)
    outputs = _columns(kernel, dataset) - left.residual
    outputs = outputs.mean(0, keepdims=True) if ensemble else outputs
    inverse = inverse_temperature(outputs, dataset.targets.astype(np.int64))
    return float(np.exp(-np.log(inverse).mean()))


def find_copies(inputs: Num[np.ndarray, "n ..."]) -> Int[np.ndarray, " n"] | None:
    """A number for each row, the same for rows that are alike; None where no two are."""
    flat = inputs.reshape(len(inputs), -1)
    places = np.unique(flat, axis=0, return_inverse=True)[1].ravel()
    return places if places.max() + 1 < len(places) else None


def _leave_one_out(kernel: Kernel, dataset: Dataset, **choices) -> LeaveOneOut:
    columns = _columns(kernel, dataset)
    return leave_one_out(kernel.blocks, kernel.rows, kernel.residual, columns, **choices)


def _columns(kernel: Kernel, dataset: Dataset) -> Float[np.ndarray, "n k"]:
    """What the residual is of: one-hot classes or numbers; 1 for a row's own logit alone."""
    if dataset.task == "classification" and kernel.residual.shape[2] == 1:
        return np.ones((len(dataset), 1))
    num_outputs = kernel.residual.shape[2]
    return target_columns(dataset.targets, task=dataset.task, num_classes=num_outputs)
