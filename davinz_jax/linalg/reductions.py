"""What a coalition's whitened rows add up to: its quadratic form, or its regression on new rows.

With L the Cholesky factor of K_SS + λI and Y = L⁻¹[r, …], both quantities are sums over the rows of
Y, so that each prefix of an elimination order, and each removal of rows, costs only its own rows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import jax
import numpy as np
from jaxtyping import Float, Int

Array = np.ndarray | jax.Array
"""On the host or on a device."""


@dataclass(frozen=True)
class Reduction:
    """A bilinear sum over rows, and how the sums of several diagonal blocks combine.

    Attributes:
        pair: (left (..., w, c), right (..., w, c)) to their sum over rows (..., *shape), such that
            pair(X, X) with X = L⁻¹R equals pair(R, A R) with A the inverse.
        shape: shape of one coalition's sum.
        is_averaged: whether blocks are averaged by the rows that the coalition has in each, so that
            a block's sum is multiplied by them; otherwise blocks are added up.
    """

    pair: Callable[[Array, Array], Array]
    shape: tuple[int, ...]
    is_averaged: bool

    def sum_rows(self, rows: Float[Array, "*batch w c"]) -> Float[Array, "..."] | np.float64:
        """Sum of whitened rows, (*batch, *shape)."""
        return self.pair(rows, rows)

    def block_factors(self, sizes: Float[np.ndarray, "*batch"]) -> Float[np.ndarray, "..."]:
        """What blocks' sums are multiplied by, broadcast against them; from a coalition's rows."""
        factors = sizes if self.is_averaged else np.ones_like(sizes)
        return factors.reshape(sizes.shape + (1,) * len(self.shape))


@dataclass(frozen=True)
class Chunk:
    """Sums of some coalitions, to be used before the next chunk is asked for: memory is reused.

    Attributes:
        initialisation: which one they are of.
        coalitions: their places among all those asked for.
        sums: sums of each, block by block combined; the reduction's shape.
        sizes: rows of each, as often as they count.
    """

    initialisation: int
    coalitions: slice | Int[np.ndarray, " c"]
    sums: Float[np.ndarray, " c *shape"]
    sizes: Float[np.ndarray, " c"]


@cache
def squares() -> Reduction:
    """Quadratic form tr(rᵀ A r), summed over blocks; all columns are residuals."""
    return Reduction(lambda left, right: (left * right).sum((-2, -1)), (), False)


@cache
def predictions(num_validation_rows: int, num_outputs: int) -> Reduction:
    """K_T A r, (m, k), averaged over blocks; columns are k residuals, then m validation rows."""

    def pair(left: Array, right: Array) -> Array:
        if left.shape[-2] == 1:  # one row: an outer product, which a batch of products is slow at
            return left[..., 0, num_outputs:, None] * right[..., 0, None, :num_outputs]
        return left[..., num_outputs:].swapaxes(-1, -2) @ right[..., :num_outputs]

    return Reduction(pair, (num_validation_rows, num_outputs), True)
