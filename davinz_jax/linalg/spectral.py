r"""Closed-form leave-one-out of kernel ridge regression, at all ridges from one eigendecomposition.

With K = VΛVᵀ, residual R and ridge λ, let A = (K + λI)⁻¹ = V(Λ + λ)⁻¹Vᵀ and α = A R. A regression
on all rows but i leaves e_i = α_i / A_ii of row i's residual unexplained, and one on all rows but
those of a group P leaves e_P = (A_PP)⁻¹ α_P; what is predicted without them is target − e. A row
that counts w times has the ridge λ/w: K + λW⁻¹ = D⁻¹(DKD + λI)D⁻¹ with D = W^½, so that one
eigendecomposition, of DKD, serves every λ; all its copies are left out together.

References:
    Allen 1974, "The Relationship Between Variable Selection and Data Augmentation and a Method for
    Prediction" (`allen1974relationship`), for one row.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, Num
from scipy.linalg import eigh

from davinz_jax.linalg.finite import check_finite
from davinz_jax.linalg.threads import limit_threads

CHUNK = 2**22
"""Float64 numbers that residuals at several ridges may hold at once, beside the answer."""


@dataclass(frozen=True)
class Spectrum:
    """Eigendecomposition of a kernel of rows, and the residual in its eigenvectors.

    Attributes:
        eigenvalues: Λ of DKD, ascending, also those that rounding makes negative; unit of K.
        vectors: V, one eigenvector a column.
        rotated: VᵀDR; unit of the residual.
        scales: diagonal of D, the root of the times that each row counts.
    """

    eigenvalues: Float[np.ndarray, " n"]
    vectors: Float[np.ndarray, "n n"]
    rotated: Float[np.ndarray, "n k"]
    scales: Float[np.ndarray, " n"]

    @property
    def least_ridge(self) -> float:
        """Ridge below which rounding leaves the shifted kernel indefinite, with a factor of 2."""
        return 2.0 * max(0.0, -float(self.eigenvalues[0]))


def spectrum(
    kernel: Num[np.ndarray, "n n"],
    residual: Num[np.ndarray, "n k"],
    weights: Num[np.ndarray, " n"] | None = None,
) -> Spectrum:
    """Decompose a kernel once, for leave-one-out at every ridge.

    Args:
        kernel: K, symmetric positive semi-definite, in the dtype that it was computed in, whose
            rounding its negative eigenvalues may have.
        residual: R, what is to be explained.
        weights: times each row counts, all positive; once by default.

    Raises:
        ValueError: for another shape, numbers that are not finite, weights that are not positive,
            or a kernel that is not positive semi-definite.
    """
    scales = _scales(weights, len(kernel))
    _check(kernel, residual)
    scaled = kernel.astype(np.float64)
    scaled *= scales[:, None] * scales
    with limit_threads(len(kernel)):
        values, vectors = eigh(scaled, driver="evd", overwrite_a=True, check_finite=False)
        rotated = vectors.T @ (scales[:, None] * residual)
    _check_semidefinite(values, kernel.dtype)
    return Spectrum(values, vectors, rotated, scales)


def leave_one_out_residuals(
    spectrum: Spectrum, ridges: Float[np.ndarray, " l"]
) -> Float[np.ndarray, "l n k"]:
    """What a regression on all other rows leaves of each row's residual, e_i = α_i / A_ii.

    Args:
        spectrum: of the kernel and residual.
        ridges: λ > 0, absolute, in the kernel's unit, at least `least_ridge`.
    """
    inverse = 1 / (spectrum.eigenvalues + _check_ridges(ridges)[:, None])  # (l, n)
    diagonal = inverse_diagonal(spectrum, ridges) / spectrum.scales
    return _solutions(spectrum, inverse) / diagonal[..., None]


def inverse_diagonal(
    spectrum: Spectrum, ridges: Float[np.ndarray, " l"]
) -> Float[np.ndarray, "l n"]:
    """A_ii of each row at each ridge, one over the unit of K."""
    inverse = 1 / (spectrum.eigenvalues + _check_ridges(ridges)[:, None])  # (l, n)
    return inverse @ np.square(spectrum.vectors).T * np.square(spectrum.scales)


def leave_group_out_residuals(
    spectrum: Spectrum, ridges: Float[np.ndarray, " l"], groups: Int[np.ndarray, " n"]
) -> Float[np.ndarray, "l n k"]:
    """What a regression on all other groups leaves of each row's residual, e_P = (A_PP)⁻¹ α_P.

    For groups of g rows this costs l·n²·g operations beyond the eigendecomposition; copies of a
    row belong in one group, for else each tells the regression about the other.

    Args:
        spectrum: of the kernel and residual.
        ridges: λ > 0, absolute.
        groups: any number for each row; rows of one number are left out together.
    """
    inverse = 1 / (spectrum.eigenvalues + _check_ridges(ridges)[:, None])
    solutions = _solutions(spectrum, inverse)
    for group in np.unique(groups):
        rows = np.flatnonzero(groups == group)
        vectors = spectrum.vectors[rows]
        for at, factor in enumerate(inverse):
            corner = (vectors * factor) @ vectors.T
            solutions[at, rows] = np.linalg.solve(corner, solutions[at, rows])
    return solutions / spectrum.scales[:, None]


def _solutions(spectrum: Spectrum, inverse: Float[np.ndarray, "l n"]) -> Float[np.ndarray, "l n k"]:
    """V(Λ + λ)⁻¹VᵀDR at each ridge, which is D⁻¹α."""
    num_rows, columns = spectrum.rotated.shape
    found = np.empty((len(inverse), num_rows, columns))
    step = max(1, CHUNK // max(1, num_rows * columns))
    for start in range(0, len(inverse), step):
        part = slice(start, start + step)
        shrunk = inverse[part].T[:, :, None] * spectrum.rotated[:, None]  # (n, l, k)
        product = spectrum.vectors @ shrunk.reshape(num_rows, -1)
        found[part] = product.reshape(num_rows, -1, columns).swapaxes(0, 1)
    return found


def _scales(weights: Num[np.ndarray, " n"] | None, num_rows: int) -> Float[np.ndarray, " n"]:
    if weights is None:
        return np.ones(num_rows)
    if weights.shape != (num_rows,) or not (np.isfinite(weights) & (weights > 0)).all():
        raise ValueError(
            f"weights: wanted {num_rows} finite numbers > 0, one a row, got shape {weights.shape} "
            f"with least {weights.min(initial=np.inf)}; leave out rows that count no time"
        )
    return np.sqrt(weights.astype(np.float64))


def _check(kernel: Num[np.ndarray, "n m"], residual: Num[np.ndarray, "r k"]) -> None:
    if kernel.shape != (len(residual), len(residual)):
        raise ValueError(
            f"kernel: wanted shape {(len(residual),) * 2}, for {len(residual)} rows of residual, "
            f"got {kernel.shape}; use the residual of the same rows"
        )
    for name, array in (("kernel", kernel), ("residual", residual)):
        check_finite(name, array, "check the inputs it is of")


def _check_semidefinite(values: Float[np.ndarray, " n"], dtype: np.dtype) -> None:
    if not len(values):
        raise ValueError("kernel: wanted at least one row, got none; add rows")
    eps = np.finfo(dtype if np.issubdtype(dtype, np.floating) else np.float64).eps
    rounding = len(values) * eps * max(values[-1], 0.0)
    if values[0] < -rounding:
        raise ValueError(
            f"kernel: wanted a positive semi-definite one, got smallest eigenvalue "
            f"{values[0]:.3g} (largest {values[-1]:.3g}, {dtype} rounds to {rounding:.1g}); "
            "use a function of rows that is a kernel, such as rbf"
        )


def _check_ridges(ridges: Float[np.ndarray, " l"]) -> Float[np.ndarray, " l"]:
    if not (np.isfinite(ridges) & (ridges > 0)).all():
        raise ValueError(
            f"ridges: wanted finite numbers > 0, got {ridges}; leave-one-out needs a ridge"
        )
    return ridges
