r"""Which rows are wrong, told by regression on all the others, without clean data.

Kernel regression without row i predicts it in closed form, target − e_i with e_i = α_i / A_ii
(`linalg.spectral`), at the ridge whose leave-one-out error is least. For classes, a row's margin is
its own label's output above the best other, which is near 1 for a clean row and −1 for a wrong
one; for numbers, minus the size of its standardised residual. The cost, (1 − margin)² where the
margin is below 1, or the squared residual, is small for most rows and large for few, so that two
means part it better than the margin. Wrong inputs are another matter: see `novelty`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int, Num, ScalarLike

from davinz_jax.detection.mixture import all_margins
from davinz_jax.kernels import Kernel
from davinz_jax.linalg import LeaveOneOut, Loss, RidgeCurve, leave_one_out, mean_diagonal
from davinz_jax.linalg.ridge import GRID

NORMAL = 1.4826
"""Standard deviation of a normal distribution over its median absolute deviation."""


@dataclass(frozen=True)
class RowCheck:
    """What the other rows say of each row.

    Attributes:
        margin: low is doubtful; unit 1.
        cost: what two means part, large is doubtful; falls as the margin rises.
        suggested: the class of the largest output, or the number predicted.
        outputs: prediction of each row without it, mean over initialisations and partitions.
        novelty: squared distance of a row to the span of the others in the kernel's feature space,
            large where inputs are unlike all others; unit of the kernel.
        curves: ridges and errors, one for each choice of a ridge.
    """

    margin: Float[np.ndarray, " n"]
    cost: Float[np.ndarray, " n"]
    suggested: Num[np.ndarray, " n"]
    outputs: Float[np.ndarray, "n k"]
    novelty: Float[np.ndarray, " n"]
    curves: tuple[RidgeCurve, ...]


class KernelBlock(NamedTuple):
    """The kernel of some rows, and the residual that it is to explain.

    Attributes:
        rows: (s,) dataset rows.
        kernel: (i, s, s) their kernel, one an initialisation.
        residual: (i, s, k) targets minus outputs at the start.
    """

    rows: np.ndarray
    kernel: np.ndarray
    residual: np.ndarray


def label_margins(
    kernel: Kernel,
    targets: Int[np.ndarray, " n"],
    *,
    ridge: ScalarLike | None = None,
    criterion: Loss = "squared_error",
    groups: Int[np.ndarray, " n"] | None = None,
) -> RowCheck:
    """Margin of each row's label over the best other, by kernel regression on all other rows.

    Args:
        kernel: of the rows, with one output a class; in blocks, each row is predicted by the rest
            of its block.
        targets: classes, one a row.
        ridge: λ > 0, absolute; None for that of least leave-one-out error.
        criterion: the error that chooses the ridge.
        groups: a number for each row; rows of one number (copies, say) are left out together.

    Raises:
        ValueError: as `linalg.leave_one_out`; for a kernel of one output or other rows, or one
            class only.
    """
    _check_labels(targets, kernel.residual.shape[1:])
    one_hot = np.eye(kernel.residual.shape[2])[targets]
    left = _leave_out(kernel, one_hot, ridge, criterion, groups)
    return _label_check(one_hot - left.residual.mean(0), targets, _novelty(left), (left.curve,))


def target_residuals(
    kernel: Kernel,
    targets: Float[np.ndarray, " n"],
    *,
    ridge: ScalarLike | None = None,
    groups: Int[np.ndarray, " n"] | None = None,
) -> RowCheck:
    """Standardised leave-one-out residuals of numbers: margin −|z|, cost z².

    z = e·√A_ii, as the variance of e goes with 1/A_ii, over the robust scale 1.4826·MAD; over
    several initialisations, of the mean of e and of 1/A_ii. Arguments as in `label_margins`.

    Raises:
        ValueError: as `linalg.leave_one_out`; for a kernel of several outputs, or targets that
            regression predicts without an error.
    """
    if kernel.residual.shape[1:] != (len(targets), 1):
        raise ValueError(
            f"kernel: wanted one output for {len(targets)} rows, got {kernel.residual.shape[1:]}; "
            "use label_margins for classes"
        )
    left = _leave_out(kernel, targets[:, None].astype(np.float64), ridge, "squared_error", groups)
    return _number_check(left, targets)


def label_margins_of_blocks(
    blocks: Iterable[KernelBlock],
    targets: Int[np.ndarray, " n"],
    num_classes: int,
    *,
    relative_ridge: ScalarLike | None = None,
    criterion: Loss = "squared_error",
) -> RowCheck:
    """Margins from kernels of some rows at a time, in the memory of one such kernel.

    Args:
        blocks: kernels of all rows, e.g. of random partitions into blocks; a row's prediction is
            the mean over the blocks that hold it.
        targets: classes of all rows.
        num_classes: outputs of the residuals.
        relative_ridge: λ over a block's mean diagonal; None for that of least leave-one-out error,
            chosen in each block.
        criterion: the error that chooses the ridge.

    Raises:
        ValueError: as `label_margins`; or if a row is in no block.
    """
    _check_labels(targets, (len(targets), num_classes))
    outputs, novelty = np.zeros((len(targets), num_classes)), np.zeros(len(targets))
    counts, curves = np.zeros(len(targets)), []
    for block in blocks:
        one_hot = np.eye(num_classes)[targets[block.rows]]
        left = leave_one_out(
            block.kernel[:, None],
            np.arange(len(block.rows))[None],
            block.residual,
            one_hot,
            criterion=criterion,
            ensemble=True,
            grid=GRID if relative_ridge is None else [relative_ridge],
        )
        outputs[block.rows] += one_hot - left.residual.mean(0)
        novelty[block.rows] += _novelty(left)
        counts[block.rows] += 1
        curves.append(left.curve)
    if not counts.all():
        raise ValueError(
            f"blocks: wanted every row in one or more, got {int((counts == 0).sum())} of "
            f"{len(targets)} rows in none; give all blocks of a partition"
        )
    return _label_check(outputs / counts[:, None], targets, novelty / counts, tuple(curves))


def _leave_out(kernel: Kernel, columns, ridge, criterion: Loss, groups) -> LeaveOneOut:
    grid: Sequence[float] = GRID
    if ridge is not None:
        grid = [float(np.asarray(ridge)) / mean_diagonal(kernel.blocks, kernel.rows)]
    return leave_one_out(
        kernel.blocks,
        kernel.rows,
        kernel.residual,
        columns,
        criterion=criterion,
        groups=groups,
        ensemble=True,
        grid=grid,
    )


def _label_check(outputs, targets, novelty, curves) -> RowCheck:
    margin = all_margins(outputs)[np.arange(len(targets)), targets]
    cost = np.square(np.maximum(1 - margin, 0.0))
    return RowCheck(margin, cost, outputs.argmax(1), outputs, novelty, curves)


def _number_check(left: LeaveOneOut, targets) -> RowCheck:
    error = left.residual[..., 0].mean(0)
    standardised = error / np.sqrt((1 / left.precision).mean(0))
    scale = NORMAL * np.median(np.abs(standardised - np.median(standardised)))
    if not scale > 0:
        raise ValueError(
            "targets: wanted numbers that the other rows do not predict without an error, got "
            f"residuals whose median size is {scale:g}; no row stands out"
        )
    standardised = standardised / scale
    outputs = targets - error
    return RowCheck(
        -np.abs(standardised),
        np.square(standardised),
        outputs,
        outputs[:, None],
        _novelty(left),
        (left.curve,),
    )


def _novelty(left: LeaveOneOut) -> Float[np.ndarray, " n"]:
    return np.maximum(1 / left.precision - left.curve.ridge, 0.0).mean(0)


def _check_labels(targets: Int[np.ndarray, " n"], shape: tuple[int, ...]) -> None:
    num_rows, num_outputs = shape
    if num_rows != len(targets) or num_outputs < 2:
        raise ValueError(
            f"kernel: wanted an output for each class of {len(targets)} rows, got {shape}; "
            "use target_residuals for regression"
        )
    if len(np.unique(targets)) < 2:
        raise ValueError(
            f"targets: wanted two classes or more, got only {targets[0]}; labels that are all "
            "equal cannot be told wrong"
        )
    if not 0 <= targets.min() <= targets.max() < num_outputs:
        raise ValueError(
            f"targets: wanted classes 0..{num_outputs - 1}, got {targets.min()}..{targets.max()}; "
            "number them as in the data"
        )
