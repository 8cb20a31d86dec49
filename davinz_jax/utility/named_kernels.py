"""Kernels of a dataset, for regression, as `KernelChoice` names them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int

from davinz_jax.data.dataset import Dataset
from davinz_jax.kernels import (
    RBF,
    Kernel,
    KernelMatrix,
    Laplace,
    Linear,
    RowFunction,
    kernel_sum,
    network_features,
    normalise_cosine,
    row_kernel,
)
from davinz_jax.ntk import TangentKernel, tangent_kernel
from davinz_jax.types import Apply, PRNGKey, Variables
from davinz_jax.utility.options import KernelChoice

DIAGONAL_BLOCK = 16
"""Rows of a block where only the diagonal of a tangent kernel is wanted."""


@dataclass(frozen=True)
class KernelSource:
    """What kernels are made of, each part asked for when it is needed.

    Attributes:
        dataset: rows and validation rows.
        partition: row of each block position, -1 in padding.
        compared: gives the rows as kernels of rows compare them.
        tangent: makes the tangent kernel with its validation rows.
        network: gives the network and its draws.
        key: draws the rows that a median bandwidth is of.
    """

    dataset: Dataset
    partition: Int[np.ndarray, "b s"]
    compared: Callable[[], Dataset]
    tangent: Callable[[], TangentKernel]
    network: Callable[[], tuple[Apply, Sequence[Variables]]]
    key: PRNGKey


def make_kernel(choice: KernelChoice, source: KernelSource) -> Kernel:
    """The kernel chosen, with its validation rows.

    Args:
        choice: which.
        source: what it is made of.

    Raises:
        ValueError: as the kernel's own function.
    """
    kernel, bandwidth, cosine = choice.kernel, choice.bandwidth, choice.cosine
    if not isinstance(kernel, str):
        return _of_rows(kernel, source, cosine)
    if kernel == "network_features":
        return _of_features(source, cosine)
    if kernel == "ntk":
        return _tangent(source, cosine)
    functions: dict[str, RowFunction] = {"laplace": Laplace(bandwidth), "rbf": RBF(bandwidth)}
    own = _of_rows(functions.get(kernel, RBF(bandwidth)), source, cosine)
    return kernel_sum([_tangent(source, cosine), own]) if kernel == "sum" else own


def _of_rows(function: RowFunction, source: KernelSource, cosine: bool) -> KernelMatrix:
    return row_kernel(
        function,
        source.compared(),
        partition=source.partition,
        with_validation=True,
        cosine=cosine,
        key=source.key,
    )


def _of_features(source: KernelSource, cosine: bool) -> KernelMatrix:
    return network_features(
        Linear(),
        *source.network(),
        source.dataset,
        partition=source.partition,
        with_validation=True,
        cosine=cosine,
        key=source.key,
    )


def _tangent(source: KernelSource, cosine: bool) -> TangentKernel:
    kernel = source.tangent()
    return normalise_cosine(kernel, _diagonal(kernel, source)) if cosine else kernel


def _diagonal(kernel: TangentKernel, source: KernelSource) -> Float[np.ndarray, "i m"]:
    """k(t, t) of the validation rows, from blocks of a few of them."""
    apply, draws = source.network()
    rows = source.dataset.validation.inputs
    unlabelled = replace(source.dataset, inputs=rows, targets=np.zeros(len(rows), np.int64))
    few = tangent_kernel(
        apply,
        draws,
        replace(unlabelled, parties=None),
        output=kernel.output,
        parameters=kernel.parameters,
        engine=kernel.engine.partition(",")[0],  # exactly, whatever its precision or sketch
        num_blocks=-(-len(rows) // DIAGONAL_BLOCK),
        shuffle=False,
    )
    is_row = few.rows >= 0
    diagonal = np.zeros((len(draws), len(rows)))
    diagonal[:, few.rows[is_row]] = np.diagonal(few.blocks, axis1=-2, axis2=-1)[:, is_row]
    return diagonal
