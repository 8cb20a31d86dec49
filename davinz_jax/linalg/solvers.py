"""Where float64 factorisations run: LAPACK on the host, or XLA on an accelerator.

Every algorithm on coalitions is written once, over three primitives on stacks of symmetric
matrices: take rows out, whiten rhs-hand sides with the Cholesky factor, invert. On a CPU, XLA's
Cholesky takes many times LAPACK's time, so the host solver is the choice there; an accelerator has
no LAPACK. `choose_solver` is the one switch. Both work in float64 whatever the default is.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from scipy.linalg import get_blas_funcs, get_lapack_funcs

SolverName = Literal["auto", "lapack", "jax"]

SINGLY = 32
"""Rows from which the host factorises a stack's matrices one by one."""

_potrf, _potri = get_lapack_funcs(("potrf", "potri"), dtype=np.float64)
(_trsm,) = get_blas_funcs(("trsm",), dtype=np.float64)


@dataclass(frozen=True)
class Solver:
    """Float64 primitives; arrays are NumPy's for `lapack` and JAX's for `jax`.

    Lengths: b blocks, s rows, w taken rows, c columns, ... batch.

    Attributes:
        name: `lapack` or `jax`.
        xp: array namespace.
        is_ragged: whether shapes may differ from call to call at no cost (no compilation).
        scope: context in which all calls are made.
        gather: (blocks (b,s,s), damping (b,s), rhs (b,s,c), index (...,b,w)) to the rows' shifted
            submatrices (...,b,w,w) and rhs-hand sides (...,b,w,c); -1 gives an identity row.
        whiten: (matrix (...,w,w), rhs (...,w,c)) to L⁻¹ rhs, L the Cholesky factor; NaN where
            the matrix is not positive definite. May overwrite its arguments.
        inverse: (...,s,s) to its inverse, likewise.
    """

    name: str
    xp: Any
    is_ragged: bool
    scope: Callable[[], AbstractContextManager[Any]]
    gather: Callable[..., tuple[Any, Any]]
    whiten: Callable[..., Any]
    inverse: Callable[..., Any]

    def round_up(self, width: int, limit: int) -> int:
        """Width of a batch: as asked, or of few different ones where each costs a compilation."""
        step = 1 if self.is_ragged else -(-limit // 4)
        return min(limit, -(-width // step) * step) if width else 0


@cache
def choose_solver(name: SolverName = "auto") -> Solver:
    """The solver of that name; `auto` is LAPACK on a CPU and JAX on an accelerator."""
    if name == "auto":
        name = "lapack" if jax.default_backend() == "cpu" else "jax"
    if name == "lapack":
        return Solver(name, np, True, nullcontext, _host_gather, _host_whiten, _host_inverse)
    if name == "jax":
        scope = partial(jax.enable_x64, True)
        return Solver(name, jnp, False, scope, _device_gather, _device_whiten, _device_inverse)
    raise ValueError(f"solver: wanted auto, lapack or jax, got {name}; leave it at auto")


def _masked_gather(xp, blocks, damping, rhs, index):
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


def _host_gather(blocks, damping, rhs, index):
    rows = index.reshape(-1)
    if len(rows) != index.shape[-1] or (rows < 0).any():
        return _masked_gather(np, blocks, damping, rhs, index)
    matrix = blocks[0].take(rows, 0).take(rows, 1).astype(np.float64)
    matrix.reshape(-1)[:: len(rows) + 1] += damping[0, rows]
    return matrix.reshape(*index.shape, -1), rhs[0].take(rows, 0).reshape(*index.shape, -1)


def _host_whiten(matrix, rhs):
    width, columns = rhs.shape[-2:]
    if rhs.size and (width >= SINGLY or matrix.size == width**2):
        pairs = zip(matrix.reshape(-1, width, width), rhs.reshape(-1, width, columns), strict=True)
        return np.stack([_whiten_one(*pair) for pair in pairs]).reshape(rhs.shape)
    try:
        return np.linalg.solve(np.linalg.cholesky(matrix), rhs)
    except np.linalg.LinAlgError:
        return np.full(rhs.shape, np.nan)


def _whiten_one(matrix, rhs):
    factor, failed = _potrf(matrix.T, lower=1, overwrite_a=1, clean=0)
    if failed:
        return np.full(rhs.shape, np.nan)
    # Fortran sees rhsᵀ where NumPy has rhs: solve Xᵀ Lᵀ = rhsᵀ in place
    return _trsm(1.0, factor, rhs.T, side=1, lower=1, trans_a=1, overwrite_b=1).T


def _host_inverse(matrix):
    flat = matrix.reshape(-1, *matrix.shape[-2:])
    return np.stack([_inverse_one(one) for one in flat]).reshape(matrix.shape)


def _inverse_one(matrix):
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


_device_gather = jax.jit(partial(_masked_gather, jnp))


@jax.jit
def _device_whiten(matrix, rhs):
    factor = jnp.linalg.cholesky(matrix, symmetrize_input=False)
    return jax.scipy.linalg.solve_triangular(factor, rhs, lower=True)


@jax.jit
def _device_inverse(matrix):
    half = _device_whiten(matrix, jnp.broadcast_to(jnp.eye(matrix.shape[-1]), matrix.shape))
    return jnp.swapaxes(half, -1, -2) @ half
