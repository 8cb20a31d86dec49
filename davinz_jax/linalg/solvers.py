"""Where float64 factorisations run: LAPACK on the host, or XLA on an accelerator.

Every algorithm on coalitions is written once, over three primitives on stacks of symmetric
matrices: take rows out, whiten right-hand sides with the Cholesky factor, invert. On a CPU, XLA's
Cholesky takes many times LAPACK's time, so the host solver is the choice there; an accelerator has
no LAPACK. `choose_solver` is the one switch. Both work in float64 whatever the default is.
"""

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from functools import cache, partial
from types import ModuleType
from typing import Any, Literal, final

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int, Num
from scipy.linalg import get_blas_funcs, get_lapack_funcs

from davinz_jax.linalg.reductions import Array
from davinz_jax.linalg.threads import limit_threads

SolverName = Literal["auto", "lapack", "jax"]

Blocks = Num[Array, "b s s"]
Damping = Float[Array, "b s"]
Columns = Float[Array, "b s c"]
Index = Int[Array, "*batch b w"]
Gathered = tuple[Float[Array, "*batch b w w"], Float[Array, "*batch b w c"]]
Matrices = Float[Array, "*batch w w"]
Sides = Float[Array, "*batch w c"]

SINGLY = 32
"""Rows from which the host factorises a stack's matrices one by one."""

_potrf, _potri = get_lapack_funcs(("potrf", "potri"), dtype=np.float64)
(_trsm,) = get_blas_funcs(("trsm",), dtype=np.float64)


class AbstractSolver(ABC):
    """Float64 primitives on stacks of matrices.

    Lengths: b blocks, s rows, w taken rows, c columns.

    Attributes:
        xp: array namespace, NumPy's or JAX's.
        is_ragged: whether shapes may differ from call to call at no cost (no compilation).
    """

    xp: ModuleType
    is_ragged: bool

    @abstractmethod
    def scope(self, num_rows: int) -> AbstractContextManager[Any]:
        """Context in which calls on matrices of at most so many rows are made."""

    @abstractmethod
    def gather(self, blocks: Blocks, damping: Damping, rhs: Columns, index: Index) -> Gathered:
        """Rows' damped submatrices and right-hand sides; index -1 gives a row of the identity."""

    @abstractmethod
    def whiten(self, matrix: Matrices, rhs: Sides) -> Sides:
        """L⁻¹ rhs with L the Cholesky factor; may overwrite its arguments.

        NaN where the matrix is not positive definite.
        """

    @abstractmethod
    def inverse(self, matrix: Matrices) -> Matrices:
        """The inverse; may overwrite its argument. NaN as in `whiten`."""

    def round_up(self, width: int, limit: int) -> int:
        """Width of a batch: as asked, or of few different ones where each costs a compilation."""
        step = 1 if self.is_ragged else -(-limit // 4)
        return min(limit, -(-width // step) * step) if width else 0


@final
class LapackSolver(AbstractSolver):
    """LAPACK and BLAS on the host, matrix by matrix where they are large."""

    xp = np
    is_ragged = True

    def scope(self, num_rows: int) -> AbstractContextManager[Any]:
        """One thread for small matrices, see `limit_threads`."""
        return limit_threads(num_rows)

    def gather(self, blocks: Blocks, damping: Damping, rhs: Columns, index: Index) -> Gathered:
        """As `AbstractSolver.gather`; a plain submatrix where one block's rows are taken once."""
        rows = index.reshape(-1)
        if not 0 < len(rows) == index.shape[-1] or (rows < 0).any():
            return _masked_gather(np, blocks, damping, rhs, index)
        matrix = blocks[0].take(rows, 0).take(rows, 1).astype(np.float64)
        matrix.reshape(-1)[:: len(rows) + 1] += damping[0, rows]
        return matrix.reshape(*index.shape, -1), rhs[0].take(rows, 0).reshape(*index.shape, -1)

    def whiten(self, matrix: Matrices, rhs: Sides) -> Sides:
        """As `AbstractSolver.whiten`."""
        width, columns = rhs.shape[-2:]
        if rhs.size and (width >= SINGLY or matrix.size == width**2):
            matrices, sides = matrix.reshape(-1, width, width), rhs.reshape(-1, width, columns)
            rows = [_whiten_one(*pair) for pair in zip(matrices, sides, strict=True)]
            return np.stack(rows).reshape(rhs.shape)
        try:
            return np.linalg.solve(np.linalg.cholesky(matrix), rhs)
        except np.linalg.LinAlgError:
            return np.full(rhs.shape, np.nan)

    def inverse(self, matrix: Matrices) -> Matrices:
        """As `AbstractSolver.inverse`."""
        flat = matrix.reshape(-1, *matrix.shape[-2:])
        return np.stack([_inverse_one(one) for one in flat]).reshape(matrix.shape)


@final
class XlaSolver(AbstractSolver):
    """XLA on JAX's default device, batches at once."""

    xp = jnp
    is_ragged = False

    def scope(self, num_rows: int) -> AbstractContextManager[Any]:
        """JAX's 64 bits on."""
        return jax.enable_x64(True)

    def gather(self, blocks: Blocks, damping: Damping, rhs: Columns, index: Index) -> Gathered:
        """As `AbstractSolver.gather`."""
        return _xla_gather(blocks, damping, rhs, index)

    def whiten(self, matrix: Matrices, rhs: Sides) -> Sides:
        """As `AbstractSolver.whiten`."""
        return _xla_whiten(matrix, rhs)

    def inverse(self, matrix: Matrices) -> Matrices:
        """As `AbstractSolver.inverse`."""
        return _xla_inverse(matrix)


@cache
def choose_solver(name: SolverName = "auto") -> AbstractSolver:
    """The solver of that name; `auto` is LAPACK on a CPU and JAX on an accelerator."""
    if name == "auto":
        name = "lapack" if jax.default_backend() == "cpu" else "jax"
    if name == "lapack":
        return LapackSolver()
    if name == "jax":
        return XlaSolver()
    raise ValueError(f"solver: wanted auto, lapack or jax, got {name}; leave it at auto")


def _masked_gather(
    xp: Any,  # NumPy or jax.numpy
    blocks: Blocks,
    damping: Damping,
    rhs: Columns,
    index: Index,
) -> Gathered:
    batch = (1,) * (index.ndim - 2)
    block = np.arange(index.shape[-2]).reshape(*batch, -1, 1)
    identity = np.eye(index.shape[-1]).reshape(*batch, 1, *index.shape[-1:] * 2)
    is_pad = index < 0
    safe = xp.where(is_pad, 0, index)
    matrix = blocks[block[..., None], safe[..., :, None], safe[..., None, :]].astype(np.float64)
    matrix = xp.where(is_pad[..., :, None] | is_pad[..., None, :], 0.0, matrix)
    diagonal = xp.where(is_pad, 1.0, damping[block, safe])
    matrix = matrix + diagonal[..., None] * identity
    return matrix, xp.where(is_pad[..., None], 0.0, rhs[block, safe])


def _whiten_one(
    matrix: Float[np.ndarray, "w w"], rhs: Float[np.ndarray, "w c"]
) -> Float[np.ndarray, "w c"]:
    factor, failed = _potrf(matrix.T, lower=1, overwrite_a=1, clean=0)
    if failed:
        return np.full(rhs.shape, np.nan)
    # Fortran sees rhsᵀ where NumPy has rhs: solve Xᵀ Lᵀ = rhsᵀ in place
    return _trsm(1.0, factor, rhs.T, side=1, lower=1, trans_a=1, overwrite_b=1).T


def _inverse_one(matrix: Float[np.ndarray, "s s"]) -> Float[np.ndarray, "s s"]:
    factor, failed = _potrf(matrix.T, lower=1, overwrite_a=1, clean=0)
    if failed:
        return np.full(matrix.shape, np.nan)
    inverse = _potri(factor, lower=1, overwrite_c=1)[0]
    for start in range(0, len(inverse), 512):  # LAPACK fills the lower triangle: mirror it
        rows = slice(start, start + 512)
        corner = np.tril(inverse[rows, rows])
        inverse[rows, rows] = corner + np.tril(corner, -1).T
        inverse[rows, start + 512 :] = inverse[start + 512 :, rows].T
    return inverse


_xla_gather = jax.jit(partial(_masked_gather, jnp))


@jax.jit
def _xla_whiten(matrix: Matrices, rhs: Sides) -> Sides:
    factor = jnp.linalg.cholesky(matrix, symmetrize_input=False)
    return jax.scipy.linalg.solve_triangular(factor, rhs, lower=True)


@jax.jit
def _xla_inverse(matrix: Matrices) -> Matrices:
    half = _xla_whiten(matrix, jnp.broadcast_to(jnp.eye(matrix.shape[-1]), matrix.shape))
    return jnp.swapaxes(half, -1, -2) @ half
