"""Maximum mean discrepancy under a Gaussian kernel, in tiles that bound the memory.

With k(x, x') = exp(−‖x − x'‖² / (2σ²)), or the mean of several such kernels, and μ_X the mean of
k(x, ·) over a set's rows, MMD²(X, Y) = ‖μ_X − μ_Y‖². Every quantity is a product K(X, Y) C with few
columns C, summed over tiles of rows in float64: in float32, ‖x‖² + ‖y‖² − 2xᵀy loses the digits
that a small MMD² consists of. `kernel_means` gives what all coalitions of parties need.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Float, Int, Num, ScalarLike

from davinz_jax.linalg import check_finite
from davinz_jax.types import PRNGKey, Progress

Bandwidth = ScalarLike | Sequence[ScalarLike] | Float[np.ndarray, " h"]
"""σ in the unit of the inputs; several stand for the mean of their kernels."""

Array = np.ndarray | jax.Array

TILE = 2048
"""Rows and columns of a tile of the kernel matrix."""


class DegenerateBandwidthWarning(UserWarning):
    """Kernel values are nearly all 0 or 1, so that the MMD sees little but the number of rows."""


@dataclass(frozen=True)
class KernelMeans:
    """Sums of kernel values from which the MMD of every coalition of p groups follows.

    Attributes:
        within: sums over pairs of rows of two groups.
        to_validation: sums over a group's rows and all validation rows.
        within_validation: sum over pairs of validation rows.
        sizes: weighted rows of each group.
        num_validation_rows: validation rows.
        bandwidth: σ of each kernel in the mean.
    """

    within: Float[np.ndarray, "p p"]
    to_validation: Float[np.ndarray, " p"]
    within_validation: float
    sizes: Float[np.ndarray, " p"]
    num_validation_rows: int
    bandwidth: Float[np.ndarray, " h"]

    def mmd_squared(self, members: Bool[np.ndarray, "c p"]) -> Float[np.ndarray, " c"]:
        """Biased MMD² of coalitions to the validation set; the empty one's embedding is 0."""
        marks = members.astype(np.float64)
        within = ((marks @ self.within) * marks).sum(1)
        return coalition_mmd_squared(
            within,
            marks @ self.to_validation,
            marks @ self.sizes,
            within_validation=self.within_validation,
            num_validation_rows=self.num_validation_rows,
        )


def coalition_mmd_squared(
    within: Float[np.ndarray, " c"],
    to_validation: Float[np.ndarray, "*r c"],
    sizes: Float[np.ndarray, " c"],
    *,
    within_validation: ScalarLike | Float[np.ndarray, "*r"],
    num_validation_rows: int,
) -> Float[np.ndarray, "*r c"]:
    """Biased MMD² from a coalition's kernel sums and rows; clamped at 0, where rounding dips.

    Several rows of sums to the validation set are those under several weights of its rows.
    """
    share = np.divide(1.0, sizes, out=np.zeros(len(sizes)), where=sizes > 0)
    cross = to_validation * share / num_validation_rows
    own = np.asarray(within_validation)[..., None] / num_validation_rows**2
    return np.maximum(within * share**2 - 2 * cross + own, 0.0)


def mmd_squared(
    x: Num[np.ndarray, "n ..."],
    y: Num[np.ndarray, "m ..."],
    *,
    bandwidth: Bandwidth,
    biased: bool = True,
) -> float:
    """MMD² of two samples.

    The biased V-statistic, the paper's, is at least 0; rounding may take it below, and it is
    clamped. The unbiased U-statistic leaves out pairs of a row with itself and may be negative.

    Args:
        x: first sample; flattened to rows.
        y: second sample.
        bandwidth: σ, in the unit of the inputs.
        biased: V-statistic rather than U-statistic.

    References:
        Gretton et al. 2012, "A Kernel Two-Sample Test" (`gretton2012kernel`).
    """
    warn_degenerate_bandwidth(x, bandwidth=bandwidth)
    n, m = len(x), len(y)
    own_x = rbf_self_products(x, np.ones((n, 1)), bandwidth=bandwidth).sum()
    own_y = rbf_self_products(y, np.ones((m, 1)), bandwidth=bandwidth).sum()
    cross = 2 * rbf_products(x, y, np.ones((m, 1)), bandwidth=bandwidth).sum() / (n * m)
    if biased:
        return max(float(own_x / n**2 + own_y / m**2 - cross), 0.0)
    if min(n, m) < 2:
        raise ValueError(f"x, y: wanted two rows or more each, got {n} and {m}; use biased=True")
    return float((own_x - n) / (n * (n - 1)) + (own_y - m) / (m * (m - 1)) - cross)


def mmd(x: Num[np.ndarray, "n ..."], y: Num[np.ndarray, "m ..."], *, bandwidth: Bandwidth) -> float:
    """Root of the biased `mmd_squared`, as the score has it."""
    return float(np.sqrt(mmd_squared(x, y, bandwidth=bandwidth)))


def kernel_means(
    inputs: Num[np.ndarray, "n ..."],
    validation_inputs: Num[np.ndarray, "m ..."],
    groups: Int[np.ndarray, " n"],
    num_groups: int,
    *,
    bandwidth: Bandwidth,
    weights: Float[np.ndarray, " n"] | None = None,
    progress: Progress | None = None,
) -> KernelMeans:
    """Kernel sums between groups of rows, and to the validation rows.

    Args:
        inputs: rows, flattened.
        validation_inputs: validation rows.
        groups: group of each row, 0..num_groups-1.
        num_groups: p.
        bandwidth: σ, in the unit of the inputs.
        weights: times each row counts; once by default.
        progress: told tiles done, tiles in all, and the stage.
    """
    check_validation(inputs, validation_inputs)
    warn_degenerate_bandwidth(inputs, bandwidth=bandwidth)
    weights = np.ones(len(inputs)) if weights is None else weights
    within = group_sums(
        inputs, groups, num_groups, bandwidth=bandwidth, weights=weights, progress=progress
    )
    to_validation, within_validation = validation_sums(
        inputs, validation_inputs, bandwidth=bandwidth, progress=progress
    )
    return KernelMeans(
        within,
        np.bincount(groups, weights * to_validation[:, 0], minlength=num_groups),
        float(within_validation[0]),
        np.bincount(groups, weights, minlength=num_groups),
        len(validation_inputs),
        scales(bandwidth),
    )


def group_sums(
    inputs: Num[np.ndarray, "n ..."],
    groups: Int[np.ndarray, " n"],
    num_groups: int,
    *,
    bandwidth: Bandwidth,
    weights: Float[np.ndarray, " n"],
    progress: Progress | None = None,
) -> Float[np.ndarray, "p p"]:
    """Weighted kernel sums over the rows of two groups; arguments as in `kernel_means`."""
    membership = np.zeros((len(inputs), num_groups))
    membership[np.arange(len(inputs)), groups] = weights
    products = rbf_self_products(inputs, membership, bandwidth=bandwidth, progress=progress)
    within = membership.T @ products
    return (within + within.T) / 2


def validation_sums(
    inputs: Num[np.ndarray, "n ..."],
    validation_inputs: Num[np.ndarray, "m ..."],
    *,
    bandwidth: Bandwidth,
    weights: Float[np.ndarray, "b m"] | None = None,
    progress: Progress | None = None,
) -> tuple[Float[np.ndarray, "n r"], Float[np.ndarray, " r"]]:
    """Kernel sums of each row over the validation rows, and over pairs of validation rows.

    The first of r = 1 + b sums counts every validation row once, and a row's pair with itself. The
    others are under the weights of b resamples, which add up to m: in sums over pairs, that of a
    row with itself is left out, and the others are scaled so that their mean over resamples is
    that of the unbiased MMD². So the bias of a validation set of m rows shows.
    """
    num_rows = len(validation_inputs)
    columns = np.ones((num_rows, 1))
    if weights is not None:
        columns = np.concatenate([columns, weights.T], axis=1)
    rows = rbf_products(inputs, validation_inputs, columns, bandwidth=bandwidth, progress=progress)
    own = rbf_self_products(validation_inputs, columns, bandwidth=bandwidth, progress=progress)
    pairs = (columns * own).sum(0)
    if weights is not None:
        pairs[1:] = (pairs[1:] - np.square(weights).sum(1)) / (1 - 1 / num_rows) ** 2
    return rows, pairs


def rbf_products(
    x: Num[np.ndarray, "n ..."],
    y: Num[np.ndarray, "m ..."],
    columns: Float[np.ndarray, "m q"],
    *,
    bandwidth: Bandwidth,
    progress: Progress | None = None,
) -> Float[np.ndarray, "n q"]:
    """K(X, Y) C without K(X, Y) in memory."""
    products = np.zeros((len(x), columns.shape[1]))
    starts = [(a, b) for a in range(0, len(x), TILE) for b in range(0, len(y), TILE)]
    with jax.enable_x64(True):
        for done, (a, b) in enumerate(starts, 1):
            right, _ = _tile(x, y, a, b, columns, None, scales(bandwidth))
            products[a : a + TILE] += right[: len(x) - a]
            _tell(progress, done, len(starts), "kernel to validation rows")
    return products


def rbf_self_products(
    x: Num[np.ndarray, "n ..."],
    columns: Float[np.ndarray, "n q"],
    *,
    bandwidth: Bandwidth,
    progress: Progress | None = None,
) -> Float[np.ndarray, "n q"]:
    """K(X, X) C, each tile above the diagonal used for its mirror image too."""
    products = np.zeros(columns.shape)
    starts = [(a, b) for a in range(0, len(x), TILE) for b in range(a, len(x), TILE)]
    with jax.enable_x64(True):
        for done, (a, b) in enumerate(starts, 1):
            right, left = _tile(x, x, a, b, columns, columns, scales(bandwidth))
            products[a : a + TILE] += right[: len(x) - a]
            if a != b:
                products[b : b + TILE] += left[: len(x) - b]
            _tell(progress, done, len(starts), "kernel within data")
    return products


def rbf_matrix(
    x: Num[np.ndarray, "n ..."], *, bandwidth: Bandwidth, dtype: type = np.float64
) -> Float[np.ndarray, "n n"]:
    """K(X, X), for rows as players; held in `dtype`, computed in float64."""
    matrix = np.empty((len(x), len(x)), dtype)
    with jax.enable_x64(True):
        for a in range(0, len(x), TILE):
            for b in range(a, len(x), TILE):
                tile = np.asarray(_kernel(_rows(x, a), _rows(x, b), scales(bandwidth)))
                rows, columns = slice(a, a + TILE), slice(b, b + TILE)
                tile = tile[: len(x) - a, : len(x) - b]
                matrix[rows, columns], matrix[columns, rows] = tile, tile.T
    return matrix


def median_bandwidth(x: Num[np.ndarray, "n ..."], *, key: PRNGKey, num_rows: int = 1000) -> float:
    """Median distance between two rows, the usual choice of σ.

    Args:
        x: rows; pass data and validation set together for a bandwidth that serves both.
        key: draws the rows looked at.
        num_rows: rows looked at, at most.
    """
    chosen = np.asarray(jax.random.permutation(key, len(x)))[:num_rows]
    rows = np.sort(chosen)
    with jax.enable_x64(True):
        flat = x[rows].reshape(len(rows), -1).astype(np.float64)
        squared = np.asarray(squared_distances(flat, flat))
    median = float(np.sqrt(np.median(squared[np.triu_indices(len(rows), 1)])))
    if not median > 0:
        raise ValueError(
            f"x: wanted rows that differ, got a median distance of {median}; give a bandwidth"
        )
    return median


def warn_degenerate_bandwidth(
    x: Num[np.ndarray, "n ..."], *, bandwidth: Bandwidth, num_rows: int = 200
) -> None:
    """Warn where 99 in 100 kernel values between distinct rows are within 1e-6 of 0, or of 1."""
    rows = np.unique(np.linspace(0, len(x) - 1, num_rows).astype(int))
    if len(rows) < 2:
        return
    values = rbf_matrix(x[rows], bandwidth=bandwidth)[np.triu_indices(len(rows), 1)]
    for share, side in (((values < 1e-6).mean(), 0), ((values > 1 - 1e-6).mean(), 1)):
        if share > 0.99:
            warnings.warn(
                f"bandwidth: σ = {_text(bandwidth)} leaves {share:.0%} of kernel values within "
                f"1e-6 of {side}, so that MMD sees little but the number of rows; "
                "use the median distance (median_bandwidth)",
                DegenerateBandwidthWarning,
                stacklevel=3,
            )


def scales(bandwidth: Bandwidth) -> Float[np.ndarray, " h"]:
    """The bandwidths as an array; raises ValueError unless all are finite and positive."""
    array = np.atleast_1d(np.asarray(bandwidth, np.float64))
    if array.ndim > 1 or not array.size or not (np.isfinite(array) & (array > 0)).all():
        raise ValueError(
            f"bandwidth: wanted finite numbers > 0, got {bandwidth}; the paper's is 5, "
            "median_bandwidth gives one for the data"
        )
    return array


def check_validation(
    inputs: Num[np.ndarray, "n ..."], validation_inputs: Num[np.ndarray, "m ..."]
) -> None:
    """Raise ValueError for no validation rows, other row shapes, numbers that are not finite."""
    if not len(validation_inputs):
        raise ValueError(
            "validation_inputs: wanted at least one validation row, got none; "
            "give a validation set or hold out some rows"
        )
    if inputs.shape[1:] != validation_inputs.shape[1:]:
        raise ValueError(
            f"validation_inputs: wanted rows of shape {inputs.shape[1:]} like the inputs, "
            f"got {validation_inputs.shape[1:]}; bring both to one shape"
        )
    for name, array in (("inputs", inputs), ("validation_inputs", validation_inputs)):
        check_finite(name, array, "clean the data")


def _tell(progress: Progress | None, done: int, total: int, stage: str) -> None:
    if progress is not None:
        progress(done, total, stage)


def _text(bandwidth: Bandwidth) -> str:
    return ", ".join(f"{value:g}" for value in scales(bandwidth))


def _rows(x: Num[np.ndarray, "n ..."], start: int) -> Float[np.ndarray, "t d"]:
    """Rows of one tile, flat, float64; padded with zeros where there is more than one tile."""
    rows = x[start : start + TILE].reshape(-1, int(np.prod(x.shape[1:]))).astype(np.float64)
    return _pad(rows, len(x))


def _pad(rows: Float[np.ndarray, "t d"], length: int) -> Float[np.ndarray, "u d"]:
    missing = min(TILE, length) - len(rows)
    return np.pad(rows, ((0, missing), (0, 0))) if missing else rows


def _tile(
    x: Num[np.ndarray, "n ..."],
    y: Num[np.ndarray, "m ..."],
    a: int,
    b: int,
    columns: Float[np.ndarray, "m q"],
    left_columns: Float[np.ndarray, "n q"] | None,
    bandwidths: Float[np.ndarray, " h"],
) -> tuple[Float[np.ndarray, "t q"], Float[np.ndarray, "u q"]]:
    """K C and Kᵀ C' of one tile; padded rows have zero columns."""
    right = _pad(columns[b : b + TILE], len(y))
    left = right[:0] if left_columns is None else _pad(left_columns[a : a + TILE], len(x))
    products = _tile_products(_rows(x, a), _rows(y, b), right, left, bandwidths)
    return np.asarray(products[0]), np.asarray(products[1])


@jax.jit
def _tile_products(
    x: Float[Array, "t d"],
    y: Float[Array, "u d"],
    right: Float[Array, "u q"],
    left: Float[Array, "v q"],
    bandwidths: Float[Array, " h"],
) -> tuple[Float[Array, "t q"], Float[Array, "w q"]]:
    kernel = _kernel(x, y, bandwidths)
    return kernel @ right, (kernel.T @ left if len(left) else left)


@jax.jit
def _kernel(
    x: Float[Array, "t d"], y: Float[Array, "u d"], bandwidths: Float[Array, " h"]
) -> Float[Array, "t u"]:
    squared = squared_distances(x, y)
    return jnp.stack([jnp.exp(-squared / (2 * bandwidth**2)) for bandwidth in bandwidths]).mean(0)


@jax.jit
def squared_distances(x: Float[Array, "n d"], y: Float[Array, "m d"]) -> Float[Array, "n m"]:
    """‖x − y‖² of flat rows, clamped at 0; float64 where JAX's 64 bits are on."""
    norms = jnp.sum(x * x, 1)[:, None] + jnp.sum(y * y, 1)[None, :]
    return jnp.maximum(norms - 2 * jnp.matmul(x, y.T, precision="highest"), 0.0)
