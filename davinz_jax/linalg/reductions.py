"""What a coalition's whitened rows add up to: its quadratic form, or its regression on a target.

With L the Cholesky factor of K_SS + λI and Y = L⁻¹[r, …], both quantities are sums over the rows of
Y, so that each prefix of an elimination order, and each removal of rows, costs only its own rows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Reduction:
    """A bilinear sum over rows, and how the sums of several diagonal blocks combine.

    Attributes:
        pair: (left (...,w,c), rhs (...,w,c)) to their sum over rows (..., *shape), such that
            pair(X, X) with X = L⁻¹R equals pair(R, A R) with A the inverse.
        shape: shape of one coalition's sum.
        is_counted: whether a block's sum is weighted by the rows that the coalition has in it.
    """

    pair: Callable[[Any, Any], Any]
    shape: tuple[int, ...]
    is_counted: bool

    def of(self, rows: Any) -> Any:
        """Sum of whitened rows (...,w,c)."""
        return self.pair(rows, rows)

    def weigh(self, counts: np.ndarray) -> np.ndarray:
        """Weights of the sums of a coalition's blocks, broadcast against them; from its rows."""
        weights = counts if self.is_counted else np.ones_like(counts)
        return weights.reshape(counts.shape + (1,) * len(self.shape))


@cache
def squares() -> Reduction:
    """Quadratic form tr(rᵀ A r), summed over blocks; all columns are residuals."""
    return Reduction(lambda left, rhs: (left * rhs).sum((-2, -1)), (), False)


@cache
def predictions(num_validation_rows: int, num_outputs: int) -> Reduction:
    """K_T A r, (m, k), weighted by the rows of each block; columns are k residuals, m targets."""

    def pair(left, rhs):
        if left.shape[-2] == 1:  # one row: an outer product, which a batch of products is slow at
            return left[..., 0, num_outputs:, None] * rhs[..., 0, None, :num_outputs]
        return left[..., num_outputs:].swapaxes(-1, -2) @ rhs[..., :num_outputs]

    return Reduction(pair, (num_validation_rows, num_outputs), True)
