"""Positive definiteness of K + λI: extreme eigenvalues, condition number, refusal by name."""

from typing import Any

import numpy as np
from jaxtyping import Float, Int, Num, ScalarLike
from scipy.linalg import LinAlgError, cho_factor, cho_solve, eigvalsh
from scipy.sparse.linalg import LinearOperator, aslinearoperator, eigsh

DENSE_LIMIT = 1500
"""Rows up to which all eigenvalues are computed; beyond, Lanczos finds the extreme ones."""


class NotPositiveDefiniteError(ValueError):
    """A shifted kernel that has no Cholesky factor.

    Attributes:
        min_eigenvalue: smallest eigenvalue of the kernel before the damping; unit output².
        ridge: a damping that would do, with a margin.
    """

    def __init__(self, min_eigenvalue: float, max_eigenvalue: float, got: float) -> None:
        rounding = 1e-7 * max(max_eigenvalue, 0.0)  # float32 Gram: its rounding is the noise floor
        self.min_eigenvalue = min_eigenvalue
        self.ridge = float(f"{2 * max(-min_eigenvalue, rounding, np.finfo(float).tiny):.2g}")
        super().__init__(
            f"kernel: wanted K + ridge·I positive definite, got smallest eigenvalue "
            f"{min_eigenvalue:.3g} of K with ridge {got:.3g}; raise ridge to {self.ridge:.2g}, or "
            "compute a kernel in float32 in float64"
        )


def extreme_eigenvalues(
    blocks: Num[np.ndarray, "i b s s"], rows: Int[np.ndarray, "b s"], *, ridge: ScalarLike
) -> Float[np.ndarray, "i 2"]:
    """Smallest and largest eigenvalue of K + λI over its diagonal blocks, for each initialisation.

    Args:
        blocks: diagonal blocks of K; unit output².
        rows: row at each block position, -1 in padding.
        ridge: λ, absolute; unit output².

    Returns:
        Two columns, smallest and largest; may be negative where K + λI is indefinite.
    """
    sizes = (rows >= 0).sum(1)
    found = np.array(
        [
            [
                _extremes(block[:size, :size])
                for block, size in zip(each, sizes, strict=True)
                if size
            ]
            for each in blocks
        ]
    )
    return np.stack([found[..., 0].min(1), found[..., 1].max(1)], axis=1) + float(np.asarray(ridge))


def condition_number(extremes: Float[np.ndarray, "i 2"]) -> Float[np.ndarray, " i"]:
    """Largest over smallest eigenvalue; infinite where the smallest is not positive."""
    smallest, largest = extremes.T
    return np.divide(largest, smallest, out=np.full(len(extremes), np.inf), where=smallest > 0)


def not_positive_definite(
    blocks: Num[np.ndarray, "i b s s"], rows: Int[np.ndarray, "b s"], *, ridge: ScalarLike
) -> NotPositiveDefiniteError:
    """The error that names the smallest eigenvalue and a ridge that would do."""
    smallest, largest = extreme_eigenvalues(blocks, rows, ridge=0.0).T
    return NotPositiveDefiniteError(smallest.min(), largest.max(), float(np.asarray(ridge)))


def _extremes(matrix: Num[np.ndarray, "s s"]) -> tuple[float, float]:
    matrix = matrix.astype(np.float64)
    if len(matrix) <= DENSE_LIMIT:
        values = eigvalsh(matrix)
        return values[0], values[-1]
    return _smallest(matrix), _lanczos(aslinearoperator(matrix), which="LA")


def _smallest(matrix: Float[np.ndarray, "s s"]) -> float:
    """By inverse iteration where K has a Cholesky factor, else by plain Lanczos."""
    try:
        inverse = _Inverse(cho_factor(matrix, lower=True))
    except LinAlgError:
        return _lanczos(aslinearoperator(matrix), which="SA")
    return 1.0 / _lanczos(inverse, which="LA")


class _Inverse(LinearOperator):
    """K⁻¹ as an operator, from its Cholesky factor."""

    def __init__(self, factor: tuple[np.ndarray, Any]) -> None:
        super().__init__(np.float64, factor[0].shape)
        self._factor = factor

    def _matvec(self, x):
        return cho_solve(self._factor, x)


def _lanczos(operator: LinearOperator, *, which: str) -> float:
    start = np.linspace(1.0, 2.0, operator.shape[0])  # fixed: same matrix, same answer
    return float(eigsh(operator, k=1, which=which, v0=start, return_eigenvectors=False)[0])
