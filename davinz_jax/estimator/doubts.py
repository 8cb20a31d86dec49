"""Which rows an estimator keeps: what regression on all other rows says of each.

The kernel is the regression's own, where it is dense and sees every class; else RBF of raw rows, in
blocks where there are many, as `experiments.detect` takes it where nothing is said.
"""

import warnings
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, ScalarLike

from davinz_jax.data import partition_rows
from davinz_jax.data.dataset import Dataset, Validation
from davinz_jax.detection import (
    RowCheck,
    check_classes_left,
    cut_rate,
    cut_two_means,
    label_margins,
    target_residuals,
    usual_block_size,
)
from davinz_jax.kernels import Kernel
from davinz_jax.types import PRNGKey
from davinz_jax.utility.ingredients import Ingredients
from davinz_jax.utility.options import KernelChoice, KernelOptions


class Kept(NamedTuple):
    """Rows kept, and the margins that say so.

    Attributes:
        keep: (n,) whether to keep each row.
        margins: (n,) low is doubtful; NaN where rows cannot be judged.
    """

    keep: Bool[np.ndarray, " n"]
    margins: Float[np.ndarray, " n"]


def judge(dataset: Dataset, kernel: Kernel | None, rate: ScalarLike | str, *, key: PRNGKey) -> Kept:
    """Rows to keep: all but those of the upper of two means of cost, or of a known share.

    Args:
        dataset: the rows.
        kernel: of all rows; None for RBF of raw rows, which also stands in for one that does not
            have an output for each class.
        rate: share of rows that is wrong, in (0, 1); `auto` parts costs by two means.
        key: draws the rows of each block, where there are several.

    A warning says why where no row can be told wrong; then all are kept.

    Raises:
        ValueError: for a rate outside (0, 1).
    """
    num_outputs = dataset.num_classes if dataset.task == "classification" else 1
    if kernel is None or kernel.residual.shape[2] != num_outputs:
        kernel = raw_kernel(dataset, key=key)
    try:
        check = _check(dataset, kernel)
    except ValueError as error:
        return _keep_all(np.full(len(dataset), np.nan), error)
    if rate != "auto":
        return Kept(~cut_rate(check.margin, rate=rate).dropped, check.margin)  # pyright: ignore
    try:
        cut = cut_two_means(check.cost)
        if dataset.task == "classification":
            check_classes_left(cut, dataset.targets)
    except ValueError as error:
        return _keep_all(check.margin, error)
    return Kept(~cut.dropped, check.margin)


def raw_kernel(dataset: Dataset, *, key: PRNGKey) -> Kernel:
    """RBF of raw rows, dense up to `detection.blocks.DENSE_ROWS` of them."""
    num_blocks = -(-len(dataset) // usual_block_size(len(dataset)))
    one = Validation(dataset.inputs[:1], dataset.targets[:1])
    return Ingredients(
        None,
        replace(dataset, validation=one, folds=None),
        partition_rows(dataset)[1],
        key=key,
        kernel_options=KernelOptions(num_blocks=num_blocks),
        kernel_choice=KernelChoice("rbf"),
        num_resamples=0,
    ).regression_kernel()


def _check(dataset: Dataset, kernel: Kernel) -> RowCheck:
    if dataset.task == "classification":
        return label_margins(kernel, dataset.targets)
    return target_residuals(kernel, dataset.targets.astype(np.float64))


def _keep_all(margins: Float[np.ndarray, " n"], error: ValueError) -> Kept:
    warnings.warn(f"keep_: all rows are kept, for none can be told wrong: {error}", stacklevel=4)
    return Kept(np.ones(len(margins), bool), margins)
