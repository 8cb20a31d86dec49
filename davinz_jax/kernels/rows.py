"""Kernels that are functions of rows: Gaussian, Laplace, linear, and any function of the user's.

A row kernel takes two arrays of rows (a, ...) and (b, ...) and gives their kernel (a, b); it must
look at nothing but the two rows of each pair, so that tiles of the matrix may be computed apart.
`gram` lays the tiles together, in memory bounded by one tile beside the result.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Num, ScalarLike

from davinz_jax.mmd import median_bandwidth, squared_distances
from davinz_jax.types import PRNGKey

RowFunction = Callable[[Any, Any], Any]
"""(rows (a, ...), rows (b, ...)) to their kernel (a, b): symmetric, positive semi-definite."""

TILE = 2048
"""Rows and columns of a tile."""

DIAGONAL_TILE = 32
"""Rows of a tile where only the diagonal is wanted."""


@dataclass(frozen=True)
class RBF:
    """exp(−‖x − x'‖² / (2σ²)) of flattened rows.

    Attributes:
        bandwidth: σ > 0, in the unit of the inputs; "median" is the median distance between rows.
    """

    bandwidth: ScalarLike | str = "median"

    def __call__(
        self, x: Num[np.ndarray, "a ..."], y: Num[np.ndarray, "b ..."]
    ) -> Float[np.ndarray, "a b"]:
        """Kernel of two arrays of rows, float64."""
        return _of_distances(_gaussian, x, y, _number(self.bandwidth))


@dataclass(frozen=True)
class Laplace:
    """exp(−‖x − x'‖ / σ) of flattened rows, with the Euclidean distance.

    Attributes:
        bandwidth: as in `RBF`.
    """

    bandwidth: ScalarLike | str = "median"

    def __call__(
        self, x: Num[np.ndarray, "a ..."], y: Num[np.ndarray, "b ..."]
    ) -> Float[np.ndarray, "a b"]:
        """Kernel of two arrays of rows, float64."""
        return _of_distances(_laplace, x, y, _number(self.bandwidth))


@dataclass(frozen=True)
class Linear:
    """⟨x, x'⟩ of flattened rows."""

    def __call__(
        self, x: Num[np.ndarray, "a ..."], y: Num[np.ndarray, "b ..."]
    ) -> Float[np.ndarray, "a b"]:
        """Kernel of two arrays of rows, float64."""
        return _flat(x) @ _flat(y).T


def fit_bandwidth(
    function: RowFunction, inputs: Num[np.ndarray, "n ..."], *, key: PRNGKey | None
) -> RowFunction:
    """The function with a bandwidth in numbers: the median distance of these rows, if asked for.

    Args:
        function: a row kernel; one without the bandwidth "median" is given back as it is.
        inputs: rows that the kernel is for, those of the validation set among them.
        key: draws the rows looked at; None for the first ones.

    Raises:
        ValueError: if the median distance is 0.
    """
    if not isinstance(function, RBF | Laplace) or function.bandwidth != "median":
        return function
    key = jax.random.key(0) if key is None else key
    return replace(function, bandwidth=median_bandwidth(inputs, key=key))


def gram(
    function: RowFunction,
    x: Num[np.ndarray, "n ..."],
    y: Num[np.ndarray, "m ..."] | None = None,
) -> Float[np.ndarray, "n m"]:
    """Kernel of rows with others, or with themselves, float64.

    Args:
        function: a row kernel.
        x: n rows.
        y: m other rows; None for the same ones, of which each pair is looked at once.

    Raises:
        ValueError: if the function gives another shape, or numbers that are not finite.
    """
    if y is not None:
        found = np.empty((len(x), len(y)))
        for a, b in _starts(len(x), len(y)):
            found[a : a + TILE, b : b + TILE] = _tile(function, x[a : a + TILE], y[b : b + TILE])
        return found
    found = np.empty((len(x), len(x)))
    for a, b in _starts(len(x), len(x)):
        if a <= b:
            rows = x[a : a + TILE]
            tile = _tile(function, rows, rows if a == b else x[b : b + TILE])
            found[a : a + TILE, b : b + TILE] = (tile + tile.T) / 2 if a == b else tile
            found[b : b + TILE, a : a + TILE] = found[a : a + TILE, b : b + TILE].T
    return found


def gram_diagonal(function: RowFunction, x: Num[np.ndarray, "n ..."]) -> Float[np.ndarray, " n"]:
    """k(x, x) of each row, float64."""
    found = np.empty(len(x))
    for a in range(0, len(x), DIAGONAL_TILE):
        rows = x[a : a + DIAGONAL_TILE]
        found[a : a + DIAGONAL_TILE] = np.diag(_tile(function, rows, rows))
    return found


def _starts(num_rows: int, num_columns: int) -> list[tuple[int, int]]:
    return [(a, b) for a in range(0, num_rows, TILE) for b in range(0, num_columns, TILE)]


def _tile(function: RowFunction, x: np.ndarray, y: np.ndarray) -> Float[np.ndarray, "a b"]:
    tile = np.asarray(function(x, y), np.float64)
    if tile.shape != (len(x), len(y)):
        raise ValueError(
            f"function: wanted a kernel of shape {(len(x), len(y))} for {len(x)} and {len(y)} "
            f"rows, got {tile.shape}; return one number for each pair of rows"
        )
    if not np.isfinite(tile).all():
        raise ValueError(
            "function: wanted finite numbers, got NaN or infinity; check the inputs and the kernel"
        )
    return tile


def _flat(rows: np.ndarray) -> Float[np.ndarray, "n d"]:
    return rows.reshape(len(rows), -1).astype(np.float64)


def _number(bandwidth: ScalarLike | str) -> float:
    if isinstance(bandwidth, str):
        raise ValueError(
            f"bandwidth: wanted a number > 0, got {bandwidth!r}; fit_bandwidth finds the median"
        )
    value = float(np.asarray(bandwidth))
    if not (np.isfinite(value) and value > 0):
        raise ValueError(f"bandwidth: wanted a finite number > 0, got {value}; or 'median'")
    return value


def _of_distances(profile, x, y, bandwidth: float) -> np.ndarray:
    with jax.enable_x64(True):
        left = _flat(x)
        return np.asarray(profile(left, left if y is x else _flat(y), bandwidth, is_own=y is x))


@partial(jax.jit, static_argnames="is_own")
def _gaussian(x, y, bandwidth, *, is_own: bool):
    return jnp.exp(-_distances(x, y, is_own) / (2 * bandwidth**2))


@partial(jax.jit, static_argnames="is_own")
def _laplace(x, y, bandwidth, *, is_own: bool):
    return jnp.exp(-jnp.sqrt(_distances(x, y, is_own)) / bandwidth)


def _distances(x, y, is_own: bool):
    """Squared; exactly 0 between a row and itself, where a root would magnify the rounding."""
    squared = squared_distances(x, y)
    return jnp.where(jnp.eye(len(x), dtype=bool), 0.0, squared) if is_own else squared
