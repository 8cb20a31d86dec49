"""Two normal distributions in one dimension, fitted by expectation and maximisation."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.special import expit
from scipy.stats import norm

STEPS = 500
"""Iterations at most."""

LEAST_DEVIATION = 1e-3
"""Least standard deviation of a component, over that of all numbers."""


@dataclass(frozen=True)
class Mixture:
    """Share and shape of a low and a high component.

    Attributes:
        low_share: share of the low component.
        means: low and high.
        deviations: standard deviations, low and high.
    """

    low_share: float
    means: tuple[float, float]
    deviations: tuple[float, float]

    def low_chance(self, ordered: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        """Chance of the low component for ascending numbers, made to fall as they rise.

        Of two normal distributions the wider one wins in both tails; a number below another is
        given at least the other's chance.
        """
        chance = expit(_log_odds(ordered, self.low_share, self.means, self.deviations))
        return np.maximum.accumulate(chance[::-1])[::-1]


def fit_mixture(numbers: Float[np.ndarray, " n"]) -> Mixture:
    """Fit by maximum likelihood, from the split at the middle of the range.

    Raises:
        ValueError: for fewer than four numbers, or equal ones.
    """
    spread = float(np.std(numbers)) if len(numbers) else 0.0
    if len(numbers) < 4 or not spread > 0:
        raise ValueError(
            f"margins: wanted four numbers or more that differ, got {len(numbers)} of standard "
            f"deviation {spread:g}; no mixture fits them"
        )
    middle = (numbers.min() + numbers.max()) / 2
    chance = (numbers < middle).astype(np.float64)
    found = _maximise(numbers, chance, spread)
    for _ in range(STEPS):
        chance = expit(_log_odds(numbers, *found))
        before, found = found, _maximise(numbers, chance, spread)
        if np.allclose(np.hstack(before), np.hstack(found), rtol=1e-9, atol=1e-12):
            break
    share, means, deviations = found
    return Mixture(share, means, deviations)


def _maximise(numbers: np.ndarray, chance: np.ndarray, spread: float):
    """Share, means and deviations of greatest likelihood, given the chance of the low component."""
    weights = np.stack([chance, 1 - chance])
    total = np.maximum(weights.sum(1), 1e-12)
    means = weights @ numbers / total
    variances = (weights * np.square(numbers - means[:, None])).sum(1) / total
    deviations = np.maximum(np.sqrt(variances), LEAST_DEVIATION * spread)
    return float(chance.mean()), tuple(means.tolist()), tuple(deviations.tolist())


def _log_odds(numbers: np.ndarray, share: float, means, deviations) -> np.ndarray:
    low, high = (
        norm.logpdf(numbers, mean, deviation)
        for mean, deviation in zip(means, deviations, strict=True)
    )
    share = min(max(share, 1e-12), 1 - 1e-12)
    return low - high + np.log(share) - np.log1p(-share)
