"""The ridge that leave-one-out error chooses, and the curve it was chosen on.

The error of kernel regression on rows left out is found in closed form over a grid of ridges
relative to the kernel's mean diagonal, from one eigendecomposition of each block and
initialisation (`spectral`), and averaged over all rows. In diagonal blocks, each row is predicted
by the rest of its own block.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int, Num, ScalarLike

from davinz_jax.linalg.losses import LOSSES, Loss
from davinz_jax.linalg.spectral import (
    Spectrum,
    inverse_diagonal,
    leave_group_out_residuals,
    leave_one_out_residuals,
    spectrum,
)
from davinz_jax.linalg.threads import limit_threads

GRID = tuple(float(f"{10**power:.6g}") for power in np.linspace(-6, 2, 25))
"""Ridges relative to the mean diagonal, three a decade.

No higher floor: the least one is chosen where the kernel's own least eigenvalue is far above it (a
Laplace kernel of 800 digits has .18), and there leave-one-out values differ by 2.5 % at most, and
order parties alike, from 1e-6 to 1e-2.
"""


@dataclass(frozen=True)
class RidgeCurve:
    """Leave-one-out error by ridge.

    Attributes:
        ridges: λ, absolute, ascending; unit of the kernel.
        relative: the same, over the mean diagonal.
        errors: by name of the error, one number a ridge.
        criterion: name of the error that chose.
        chosen: index of the ridge chosen.
        scale: mean diagonal of the kernel, over rows and initialisations.
        num_rows: rows left out, each once an initialisation.
    """

    ridges: tuple[float, ...]
    relative: tuple[float, ...]
    errors: dict[str, tuple[float, ...]]
    criterion: str
    chosen: int
    scale: float
    num_rows: int

    @property
    def ridge(self) -> float:
        """λ chosen, absolute."""
        return self.ridges[self.chosen]

    @property
    def relative_ridge(self) -> float:
        """λ chosen, over the mean diagonal."""
        return self.relative[self.chosen]

    @property
    def error(self) -> float:
        """Least error of the criterion."""
        return self.errors[self.criterion][self.chosen]

    @property
    def edge(self) -> str | None:
        """`least` or `largest` where the ridge chosen ends the grid, so that a wider one may do."""
        ends = {0: "least", len(self.ridges) - 1: "largest"}
        return ends.get(self.chosen) if len(self.ridges) > 1 else None

    def describe(self) -> dict[str, Any]:
        """The curve and what was chosen on it, as JSON holds it."""
        found = {"ridge": self.ridge, "relative_ridge": self.relative_ridge, "edge": self.edge}
        return {**found, **asdict(self)}


@dataclass(frozen=True)
class LeaveOneOut:
    """What regression on all other rows leaves of each row, at the ridge chosen.

    Attributes:
        curve: error by ridge.
        residual: e, in dataset row order; NaN for rows of weight 0.
        precision: A_ii of the inverse of the shifted kernel; 1/A_ii − λ is the row's squared
            distance to the span of the others, as far as the ridge lets it be known.
    """

    curve: RidgeCurve
    residual: Float[np.ndarray, "i n k"]
    precision: Float[np.ndarray, "i n"]


def choose_ridge(
    blocks: Num[np.ndarray, "i b s s"],
    rows: Int[np.ndarray, "b s"],
    residual: Num[np.ndarray, "i n k"],
    targets: Num[np.ndarray, "n k"],
    **choices: Any,
) -> RidgeCurve:
    """The ridge of least leave-one-out error; of equal ones the largest. As `leave_one_out`."""
    return leave_one_out(blocks, rows, residual, targets, **choices).curve


def leave_one_out(
    blocks: Num[np.ndarray, "i b s s"],
    rows: Int[np.ndarray, "b s"],
    residual: Num[np.ndarray, "i n k"],
    targets: Num[np.ndarray, "n k"],
    *,
    criterion: Loss = "squared_error",
    also: Sequence[Loss] = (),
    grid: Sequence[ScalarLike] | Float[np.ndarray, " l"] = GRID,
    weights: Num[np.ndarray, " n"] | None = None,
    groups: Int[np.ndarray, " n"] | None = None,
    ensemble: bool = False,
) -> LeaveOneOut:
    """Predict each row from all others, at the ridge of least error; of equal ones the largest.

    Args:
        blocks: diagonal blocks of K, in the dtype that they were computed in.
        rows: row at each block position, -1 in padding.
        residual: targets minus outputs at the start.
        targets: what is to be predicted, one column an output: one-hot for classes.
        criterion: the error that chooses.
        also: further errors that the curve is to show.
        grid: ridges relative to the mean diagonal; one for a ridge that is known.
        weights: times each row counts, and its error; rows of 0 are left out. Once by default.
        groups: a number for each row; rows of one number (copies, say) are left out together.
        ensemble: judge the mean prediction over initialisations, not each one's.

    Raises:
        ValueError: as `spectrum`; or for a grid that is not positive, a kernel of zeros, or one
            whose rounding is larger than every ridge.
    """
    relative = _ascending(grid)
    weights = np.ones(len(targets)) if weights is None else weights.astype(np.float64)
    scale = mean_diagonal(blocks, rows, weights)
    left, precision = (
        np.full((len(blocks), len(relative), *rest), np.nan)
        for rest in (targets.shape, targets.shape[:1])
    )
    least = 0.0
    for i, chosen, parts in _spectra(blocks, rows, residual, weights):
        least = max(least, parts.least_ridge)
        with limit_threads(len(chosen)):
            left[i][:, chosen] = _left_out(parts, relative * scale, groups, chosen)
            precision[i][:, chosen] = inverse_diagonal(parts, relative * scale)
    kept = _above_rounding(relative * scale, least)
    used = np.flatnonzero(np.isfinite(precision[0, 0]))
    predictions = targets[used] - left[:, kept, used]
    predictions = predictions.mean(0, keepdims=True) if ensemble else predictions
    errors = {
        name: LOSSES[name](predictions, targets[used], weights[used]).mean(0)
        for name in dict.fromkeys((criterion, *also))
    }
    curve = RidgeCurve(
        ridges=_numbers(relative[kept] * scale),
        relative=_numbers(relative[kept]),
        errors={name: _numbers(values) for name, values in errors.items()},
        criterion=criterion,
        chosen=last_least(errors[criterion]),
        scale=scale,
        num_rows=len(used),
    )
    at = curve.chosen + kept.start
    return LeaveOneOut(curve, left[:, at], precision[:, at])


def mean_diagonal(
    blocks: Num[np.ndarray, "i b s s"],
    rows: Int[np.ndarray, "b s"],
    weights: Num[np.ndarray, " n"] | None = None,
) -> float:
    """Mean of K_ii over rows and initialisations, to which ridges are relative.

    Raises:
        ValueError: if it is not a positive finite number.
    """
    is_row = rows >= 0
    if weights is not None:
        is_row &= weights[rows] > 0
    diagonal = np.diagonal(blocks, axis1=-2, axis2=-1)[:, is_row].astype(np.float64)
    scale = float(diagonal.mean()) if diagonal.size else 0.0
    if not np.isfinite(scale):
        raise ValueError(
            f"kernel: wanted finite numbers, got a mean diagonal of {scale}; check the inputs"
        )
    if scale < 0:
        raise ValueError(
            f"kernel: wanted one that is positive semi-definite, got a mean diagonal of {scale:g}; "
            "a kernel of a row with itself is never negative: check the function"
        )
    if not scale > 0:
        raise ValueError(
            f"ridge: wanted a kernel that a ridge can be relative to, got a zero kernel (mean "
            f"diagonal {scale:g}); give an absolute ridge, or rows on which the kernel is not zero"
        )
    return scale


def last_least(errors: Float[np.ndarray, " l"]) -> int:
    """Index of the least number; of those equal but for rounding, the last."""
    least = errors.min()
    return int(np.flatnonzero(errors <= least + 1e-9 * abs(least))[-1])


def _spectra(
    blocks: Num[np.ndarray, "i b s s"],
    rows: Int[np.ndarray, "b s"],
    residual: Num[np.ndarray, "i n k"],
    weights: Float[np.ndarray, " n"],
) -> Iterator[tuple[int, Int[np.ndarray, " c"], Spectrum]]:
    """Initialisation, rows and spectrum of each block, one held at a time."""
    for i, each in enumerate(blocks):
        for block, own in zip(each, rows, strict=True):
            kept = np.flatnonzero((own >= 0) & (weights[own] > 0))
            if len(kept):
                chosen, whole = own[kept], len(kept) == len(block)
                kernel = block if whole else block[np.ix_(kept, kept)]
                yield i, chosen, spectrum(kernel, residual[i, chosen], weights[chosen])


def _left_out(
    parts: Spectrum,
    ridges: Float[np.ndarray, " l"],
    groups: Int[np.ndarray, " n"] | None,
    chosen: Int[np.ndarray, " c"],
) -> Float[np.ndarray, "l c k"]:
    if groups is None:
        return leave_one_out_residuals(parts, ridges)
    return leave_group_out_residuals(parts, ridges, groups[chosen])


def _ascending(grid: Sequence[ScalarLike] | Float[np.ndarray, " l"]) -> Float[np.ndarray, " l"]:
    relative = np.unique(np.asarray(grid, np.float64))
    if not len(relative) or not (np.isfinite(relative) & (relative > 0)).all():
        raise ValueError(f"grid: wanted finite numbers > 0, got {grid}; 1e-6 to 100 is usual")
    return relative


def _above_rounding(ridges: Float[np.ndarray, " l"], least: float) -> slice:
    """The ridges that leave the shifted kernel positive definite."""
    first = int(np.searchsorted(ridges, least))
    if first == len(ridges):
        raise ValueError(
            f"grid: wanted a ridge of {least:.3g} or more, twice what rounding makes negative in "
            f"the kernel, got at most {ridges[-1]:.3g}; add larger ones"
        )
    return slice(first, None)


def _numbers(values: Float[np.ndarray, " l"]) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
