"""Kernels made of kernels: sums, cosine normalisation, other labels."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

import numpy as np
from jaxtyping import Float, Num, ScalarLike

from davinz_jax.kernels.matrix import Kernel, KernelMatrix, reciprocal_root, target_columns
from davinz_jax.kernels.rounding import rounding_of
from davinz_jax.kernels.sketch import map_halves
from davinz_jax.linalg import mean_diagonal

AnyKernel = TypeVar("AnyKernel")


def kernel_sum(kernels: Sequence[Kernel]) -> KernelMatrix:
    """Mean of kernels of the same rows, each divided by its mean diagonal.

    Outputs at the start are averaged too, and the residual with them. Kernels of one
    initialisation serve all draws of the others.

    Args:
        kernels: one or more, of the same rows in the same blocks.

    Raises:
        ValueError: for none, kernels of other rows or of other numbers of draws, a kernel of
            zeros, or validation rows in some only.
    """
    _check_alike(kernels)
    scales = [mean_diagonal(kernel.blocks, kernel.rows) for kernel in kernels]
    has_validation = kernels[0].validation_kernel is not None
    return KernelMatrix(
        blocks=_mean([kernel.blocks for kernel in kernels], scales),
        rows=kernels[0].rows,
        residual=_mean([kernel.residual for kernel in kernels]),
        name="sum",
        details={"of": [getattr(kernel, "name", "ntk") for kernel in kernels], "scales": scales},
        validation_kernel=_mean([kernel.validation_kernel for kernel in kernels], scales)
        if has_validation
        else None,
        validation_outputs=_mean([kernel.validation_outputs for kernel in kernels])
        if has_validation
        else None,
        measure_rounding=partial(_joint_rounding, kernels),
        make_halves=map_halves(lambda *each: kernel_sum(each), *kernels),
    )


def _joint_rounding(kernels: Sequence[Kernel]) -> float | None:
    """Rounding of the mean of kernels of one mean diagonal."""
    sizes = [rounding_of(kernel) or 0.0 for kernel in kernels]
    return float(np.linalg.norm(sizes)) / len(kernels) if any(sizes) else None


def normalise_cosine(
    kernel: AnyKernel, validation_diagonal: Num[np.ndarray, "i m"] | None = None
) -> AnyKernel:
    """k(x, x') / √(k(x, x)·k(x', x')): rows of length 1 in the kernel's feature space.

    Args:
        kernel: a `KernelMatrix` or `TangentKernel`.
        validation_diagonal: k(t, t) of the validation rows, where the kernel has any.

    Raises:
        ValueError: if the diagonal of the validation rows is missing.
    """
    held: Any = kernel
    halves = map_halves(lambda half: normalise_cosine(half, validation_diagonal), held)
    scales = reciprocal_root(np.diagonal(held.blocks, axis1=-2, axis2=-1))  # (i, b, s)
    blocks = held.blocks * (scales[..., None] * scales[..., None, :])
    if held.validation_kernel is None:
        return replace(held, blocks=blocks, make_halves=halves)
    if validation_diagonal is None:
        raise ValueError(
            "validation_diagonal: wanted k(t, t) of the validation rows, got none; pass it, or a "
            "kernel without validation rows"
        )
    is_row = held.rows >= 0
    by_row = np.zeros((len(blocks), held.validation_kernel.shape[2]))
    by_row[:, held.rows[is_row]] = scales[:, is_row]
    cross = held.validation_kernel * reciprocal_root(validation_diagonal)[..., None]
    across = cross * by_row[:, None]
    return replace(held, blocks=blocks, validation_kernel=across, make_halves=halves)


def relabel(
    kernel: AnyKernel, targets: Num[np.ndarray, " n"], new_targets: Num[np.ndarray, " n"]
) -> AnyKernel:
    """The same kernel for other targets: only the residual changes, no row is looked at again.

    Args:
        kernel: a `KernelMatrix`, or a `TangentKernel` of output `trace` or `scalar`.
        targets: those that its residual is of.
        new_targets: those wanted.

    Raises:
        ValueError: for a tangent kernel of the output `label`, whose outputs depend on the labels.
    """
    held: Any = kernel
    if held.output == "label":
        raise ValueError(
            "kernel: wanted output trace or scalar, got label, which is another kernel for other "
            "labels; compute it with output='trace'"
        )
    num_outputs = held.residual.shape[2]
    task = "regression" if held.output == "scalar" else "classification"
    old, new = (
        target_columns(each, task=task, num_classes=num_outputs) for each in (targets, new_targets)
    )
    halves = map_halves(lambda half: relabel(half, targets, new_targets), held)
    return replace(held, residual=held.residual + (new - old), make_halves=halves)


def _mean(
    arrays: Sequence[Any], scales: Sequence[ScalarLike] | None = None
) -> Float[np.ndarray, "i ..."]:
    """Mean over kernels of array/scale, those of one initialisation repeated."""
    total = np.zeros((max(len(array) for array in arrays), *arrays[0].shape[1:]))
    for at, array in enumerate(arrays):
        total += array if scales is None else array / scales[at]
    return total / len(arrays)


def _check_alike(kernels: Sequence[Kernel]) -> None:
    if not kernels:
        raise ValueError("kernels: wanted at least one, got none; give the kernels to be summed")
    first = kernels[0]
    draws = {len(kernel.blocks) for kernel in kernels} - {1}
    for kernel in kernels[1:]:
        is_alike = np.array_equal(kernel.rows, first.rows) and (
            kernel.residual.shape[1:] == first.residual.shape[1:]
        )
        if not is_alike or len(draws) > 1:
            raise ValueError(
                f"kernels: wanted the same rows, blocks and draws in all, got {first.blocks.shape} "
                f"and {kernel.blocks.shape}; make them of one dataset and one partition"
            )
        if (kernel.validation_kernel is None) != (first.validation_kernel is None):
            raise ValueError(
                "kernels: wanted validation rows in all or in none, got both; make them alike"
            )
