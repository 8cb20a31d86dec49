"""Kernels as another rounding to float32 would have left them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
from jaxtyping import Float

AnyKernel = TypeVar("AnyKernel")


def rounding_of(kernel: Any) -> float | None:
    """Root mean square of a kernel's rounding error, of √(K_ii K_jj); None where there is none."""
    return getattr(kernel, "rounding", None)


def round_anew(
    kernel: AnyKernel, draws: Sequence[int], generator: np.random.Generator
) -> AnyKernel:
    """A kernel of some of its draws, with a rounding error of the size of its own added to it.

    The error is Gaussian, independent for each pair of rows; float64.

    Args:
        kernel: a `KernelMatrix` or `TangentKernel` whose `rounding` is known.
        draws: initialisations to keep.
        generator: draws the error.
    """
    held: Any = kernel
    size = rounding_of(held) or 0.0
    chosen = np.asarray(draws)
    blocks = held.blocks[chosen].astype(np.float64)
    roots = np.sqrt(np.maximum(np.diagonal(blocks, axis1=-2, axis2=-1), 0.0))  # (i, b, s)
    for block, root in zip(_flat(blocks, 2), _flat(roots, 1), strict=True):
        noise = np.triu(generator.standard_normal(block.shape))
        noise += np.triu(noise, 1).T
        block += noise * (size * np.outer(root, root))
    across = held.validation_kernel
    if across is not None:
        across = across[chosen].astype(np.float64)
        across += _across_noise(across, held.rows, roots, size, generator)
    outputs = held.validation_outputs
    return replace(
        held,
        blocks=blocks,
        residual=held.residual[chosen],
        validation_kernel=across,
        validation_outputs=None if outputs is None else outputs[chosen],
    )


def _across_noise(
    across: Float[np.ndarray, "i m n"],
    rows: np.ndarray,
    roots: Float[np.ndarray, "i b s"],
    size: float,
    generator: np.random.Generator,
) -> Float[np.ndarray, "i m n"]:
    """Noise of the kernel to validation rows, whose own √K_tt is taken from their largest cosine.

    As no cosine exceeds 1, max_j |K_tj|/√K_jj is at most √K_tt, and near it for rows like others.
    """
    is_row = rows >= 0
    by_row = np.zeros((len(across), 1, across.shape[2]))
    by_row[:, 0, rows[is_row]] = roots[:, is_row]
    cosines = np.divide(across, by_row, out=np.zeros_like(across), where=by_row > 0)
    own = np.abs(cosines).max(axis=2, keepdims=True)
    return size * generator.standard_normal(across.shape) * own * by_row


def _flat(array: np.ndarray, axes: int) -> np.ndarray:
    """A view with all axes but the last few as one."""
    return array.reshape(-1, *array.shape[-axes:])
