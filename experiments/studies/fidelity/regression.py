"""Kernel regression of one set's labels, by whatever kernel: predictions, and those left out.

One eigendecomposition serves every ridge. Ensembles average predictions over initialisations.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from davinz_jax.linalg.losses import cross_entropy, inverse_temperature
from davinz_jax.linalg.spectral import (
    Spectrum,
    leave_group_out_residuals,
    leave_one_out_residuals,
    spectrum,
)

GRID = np.logspace(-5, 1, 19)
"""Ridges relative to the mean diagonal."""


@dataclass(frozen=True)
class Regression:
    """A set's labels to be explained by a kernel.

    Attributes:
        within: kernel of the n rows.
        across: kernel of m validation rows with them.
        one_hot: labels, a column a class.
        start: predictions for the n rows before the labels are seen.
        start_validation: for the validation rows.
    """

    within: Float[np.ndarray, "n n"]
    across: Float[np.ndarray, "m n"]
    one_hot: Float[np.ndarray, "n k"]
    start: Float[np.ndarray, "n k"]
    start_validation: Float[np.ndarray, "m k"]

    @property
    def scale(self) -> float:
        """Mean diagonal, to which ridges are relative."""
        return float(np.diagonal(self.within).mean())


@dataclass(frozen=True)
class Fits:
    """Predictions at several ridges.

    Attributes:
        validation: for the validation rows.
        left_out: for each row of the set, by a regression on the others.
        left_copies_out: the same, by one on the rows that are no copies of it.
    """

    validation: Float[np.ndarray, "l m k"]
    left_out: Float[np.ndarray, "l n k"]
    left_copies_out: Float[np.ndarray, "l n k"]


def fit(
    regression: Regression, relative: Float[np.ndarray, " l"], copies: Int[np.ndarray, " n"]
) -> Fits:
    """Predictions at ridges relative to the mean diagonal.

    Args:
        regression: what to fit.
        relative: ridges over the mean diagonal.
        copies: a number for each row; copies have the same.
    """
    residual = regression.one_hot - regression.start
    parts = spectrum(regression.within.astype(np.float32), residual)
    ridges = np.maximum(relative * regression.scale, 1e-300)
    left = leave_one_out_residuals(_clipped(parts), ridges)
    apart = left
    if len(np.unique(copies)) < len(copies):
        apart = leave_group_out_residuals(_clipped(parts), ridges, copies)
    return Fits(
        regression.start_validation + _explained(parts, regression.across, ridges),
        regression.one_hot - left,
        regression.one_hot - apart,
    )


def average(fits: Sequence[Fits]) -> Fits:
    """Mean predictions of several regressions."""
    columns = ("validation", "left_out", "left_copies_out")
    return Fits(*(np.mean([getattr(each, name) for each in fits], axis=0) for name in columns))


def _clipped(parts: Spectrum) -> Spectrum:
    """Eigenvalues that rounding made negative, taken as zero."""
    return Spectrum(np.maximum(parts.eigenvalues, 0), parts.vectors, parts.rotated, parts.scales)


def _explained(parts: Spectrum, across, ridges) -> Float[np.ndarray, "l m k"]:
    """Across (K + λ)⁻¹ residual at each ridge."""
    turned = across.astype(np.float64) @ parts.vectors
    inverse = 1 / (np.maximum(parts.eigenvalues, 0) + ridges[:, None])
    return np.stack([(turned * each) @ parts.rotated for each in inverse])


def choices(fits: Fits, one_hot: Float[np.ndarray, "n k"]) -> Mapping[str, int]:
    """Index of the ridge that each leave-one-out error finds best; of equal ones the largest."""
    ones = np.ones(len(one_hot))
    found = {}
    for name, left in (("loo", fits.left_out), ("copies", fits.left_copies_out)):
        squares = np.square(left - one_hot).mean((1, 2))
        wrong = (left.argmax(-1) != one_hot.argmax(-1)).mean(1)
        entropy = cross_entropy(left, one_hot, ones)
        for error, values in (("mse", squares), ("acc", wrong), ("ce", entropy)):
            found[f"{name}-{error}"] = int(np.flatnonzero(values <= values.min() + 1e-12)[-1])
    return found


def metrics(
    fits: Fits, at: int, one_hot: Float[np.ndarray, "n k"], targets: Int[np.ndarray, " m"]
) -> dict[str, float]:
    """Scores of the predictions at one ridge, higher is better; the softmax by leave-one-out."""
    outputs, left, copies = (
        each[at] for each in (fits.validation, fits.left_out, fits.left_copies_out)
    )
    classes, ones = one_hot.argmax(1), np.ones(len(one_hot))
    beta = float(inverse_temperature(copies, classes))
    logits = beta * (outputs - outputs.max(1, keepdims=True))
    chances = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    own = chances[np.arange(len(targets)), targets]
    goal = np.eye(outputs.shape[1])[targets]
    others = np.where(goal > 0, -np.inf, outputs).max(1)
    margin = outputs[np.arange(len(targets)), targets] - others
    return {
        "accuracy": float((outputs.argmax(1) == targets).mean()),
        "mse": -float(np.square(outputs - goal).mean()),
        "entropy": float(np.log(np.maximum(own, 1e-12)).mean()),
        "soft": float(own.mean()),
        "margin": float(np.clip(margin, -1, 1).mean()),
        "confidence": float(chances.max(1).mean()),
        "sureness": float((chances * np.log(np.maximum(chances, 1e-12))).sum(1).mean()),
        "own accuracy": float((left.argmax(1) == classes).mean()),
        "own accuracy, copies": float((copies.argmax(1) == classes).mean()),
        "own entropy": -float(cross_entropy(copies, one_hot, ones)),
        "own mse": -float(np.square(copies - one_hot).mean()),
    }
