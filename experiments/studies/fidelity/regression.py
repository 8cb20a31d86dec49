"""Kernel regression of one set's labels, by whatever kernel: predictions, and those left out.

One eigendecomposition serves every ridge. Ensembles average predictions over initialisations.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.special import softmax

from davinz_jax.linalg.losses import inverse_temperature, squared_error
from davinz_jax.linalg.ridge import last_least
from davinz_jax.linalg.spectral import (
    Spectrum,
    leave_group_out_residuals,
    leave_one_out_residuals,
    spectrum,
)
from davinz_jax.utility.metrics import make_metric

SHIPPED = 1e-4
"""The paper's λ, absolute."""

FIXED = (0.01, 0.1)
"""Ridges relative to the mean diagonal that are tried as they are."""

GRID = np.logspace(-5, 1, 19)
"""Ridges relative to the mean diagonal that leave-one-out error chooses from."""


@dataclass(frozen=True)
class Regression:
    """A set's labels to be explained by a kernel.

    Attributes:
        within: kernel of the n rows.
        across: kernel of m validation rows with them.
        start: predictions for the n rows before the labels are seen.
        start_validation: for the validation rows.
    """

    within: Float[np.ndarray, "n n"]
    across: Float[np.ndarray, "m n"]
    start: Float[np.ndarray, "n k"]
    start_validation: Float[np.ndarray, "m k"]

    @property
    def scale(self) -> float:
        """Mean diagonal, to which ridges are relative; 1 for a kernel of zeros."""
        return float(np.diagonal(self.within).mean()) or 1.0

    @property
    def relative(self) -> Float[np.ndarray, " l"]:
        """The ridges tried, over the mean diagonal: shipped, fixed, grid."""
        return np.concatenate([[SHIPPED / self.scale], FIXED, GRID])


@dataclass(frozen=True)
class Fits:
    """Predictions at all ridges.

    Attributes:
        validation: for the validation rows.
        left_out: for each row of the set, by a regression on the others.
        left_copies_out: the same, by one on the rows that are no copies of it.
    """

    validation: Float[np.ndarray, "l m k"]
    left_out: Float[np.ndarray, "l n k"]
    left_copies_out: Float[np.ndarray, "l n k"]


def fit(
    regression: Regression, one_hot: Float[np.ndarray, "n k"], copies: Int[np.ndarray, " n"]
) -> Fits:
    """Predictions at every ridge.

    Args:
        regression: the kernel, and where predictions start.
        one_hot: labels of the rows, a column a class.
        copies: a number for each row; copies have the same.
    """
    parts = _clip(spectrum(regression.within.astype(np.float32), one_hot - regression.start))
    ridges = regression.relative * regression.scale
    alone = leave_one_out_residuals(parts, ridges)
    has_copies = len(np.unique(copies)) < len(copies)
    apart = leave_group_out_residuals(parts, ridges, copies) if has_copies else alone
    explained = _explain(parts, regression.across, ridges)
    return Fits(regression.start_validation + explained, one_hot - alone, one_hot - apart)


def average(fits: Sequence[Fits]) -> Fits:
    """Mean predictions of several initialisations."""
    names = ("validation", "left_out", "left_copies_out")
    return Fits(*(np.mean([getattr(each, name) for each in fits], axis=0) for name in names))


def choose(left_out: Float[np.ndarray, "l n k"], one_hot: Float[np.ndarray, "n k"]) -> int:
    """Place of the grid's ridge whose predictions of rows left out have the least squared error."""
    first = 1 + len(FIXED)
    return first + last_least(squared_error(left_out[first:], one_hot, np.ones(len(one_hot))))


def measure(
    fits: Fits,
    place: int,
    metric: str,
    targets: Int[np.ndarray, " m"],
    labels: Int[np.ndarray, " n"],
) -> float:
    """A metric of the validation rows' predictions at one ridge, larger better."""
    outputs = fits.validation[place]
    beta = inverse_temperature(fits.left_copies_out[place], labels) if "entropy" in metric else 1.0
    chosen = make_metric(metric, targets, outputs.shape[1], temperature=1 / beta)
    return float(chosen(outputs[None], targets)[0])


def confidence(fits: Fits, place: int, labels: Int[np.ndarray, " n"]) -> float:
    """Mean largest softmax share of the validation rows, at the temperature of rows left out.

    It sees no validation label: the temperature says how far the set's own labels can be trusted,
    the outputs how near the validation rows are to the set's.
    """
    beta = inverse_temperature(fits.left_copies_out[place], labels)
    return float(softmax(beta * fits.validation[place], axis=1).max(1).mean())


def own_accuracy(left_out: Float[np.ndarray, "n k"], labels: Int[np.ndarray, " n"]) -> float:
    """Share of the set's rows whose label the others predict."""
    return float((left_out.argmax(1) == labels).mean())


def _clip(parts: Spectrum) -> Spectrum:
    """Eigenvalues that rounding made negative, taken as zero."""
    return Spectrum(np.maximum(parts.eigenvalues, 0), parts.vectors, parts.rotated, parts.scales)


def _explain(parts: Spectrum, across, ridges) -> Float[np.ndarray, "l m k"]:
    """K_across (K + λ)⁻¹ R at each ridge."""
    turned = across.astype(np.float64) @ parts.vectors
    inverse = 1 / (parts.eigenvalues + ridges[:, None])
    return np.stack([(turned * each) @ parts.rotated for each in inverse])
