r"""How many samples a sampled value hangs on, and what it is widened by if these are few.

A sampled value is a mean of marginals m, each weighed w by the size it joined: φ = Σ w m / Σ w.
Its standard error is that of the deviations e = w (m − φ), and presumes that many of them matter.
How many do is the effective number

    n_eff = (Σ e²)² / Σ e⁴,

n over the kurtosis: a third of n samples of a normal e, but k if k of n deviate and the others do
not, as where a player is pivotal k times. Below `FEW` the interval covers too little, and at none
it has no width at all. Such a value is given two more samples that deviate by M, one either way:
variance 2 M²/n². M² = Σ e⁴ / Σ e² is the size of the deviations that a variance is made of, and
the largest of any player is taken: what others met, this one may have missed. So a player of whom n
samples showed nothing is worth up to 3 M/n, the rule of three.

One sample is a coalition, a permutation, or the mean of one and its reverse, in which a player may
be pivotal twice for one reason.

References:
    Agresti & Coull 1998 (`agresti1998approximate`) add two samples of either kind to a share.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

FEW = 8
"""Effective samples below which a value is widened and named."""

POWERS = 8
"""Sums Σ wᵏ (m − origin)ˡ, l = 0, …, k for k = 2 and k = 4, that Σ e² and Σ e⁴ are made of."""

_BINOMIAL = (1, 4, 6, 4, 1)
_ROUNDING = 1e-10  # of the largest value: deviations below are none


@dataclass(frozen=True, eq=False)
class Evidence:
    """What samples have shown of p values.

    Attributes:
        effective: n_eff, samples that each value hangs on.
        deviation: M, size of the deviations to be expected; unit of the values.
        num_samples: n, samples drawn.
    """

    effective: Float[np.ndarray, " p"]
    deviation: Float[np.ndarray, " p"]
    num_samples: int

    @property
    def is_scarce(self) -> Bool[np.ndarray, " p"]:
        """Whether each value hangs on few samples and something is known to vary at all."""
        return (self.effective < FEW) & (self.deviation > 0)

    @property
    def variance(self) -> Float[np.ndarray, " p"]:
        """What is added to the variance of each value: 2 M²/n², or nothing."""
        return np.where(self.is_scarce, 2.0 * np.square(self.deviation / self.num_samples), 0.0)

    def combine(self, weights: Float[np.ndarray, "p q"]) -> "Evidence":
        """Of q weighted sums of the values, as if players had met the same rare samples."""
        effective = np.max(self.effective[:, None] * (weights != 0), axis=0)
        deviation = np.max(self.deviation[:, None] * np.abs(weights), axis=0)
        return Evidence(effective, deviation, self.num_samples)


def power_sums(
    marginals: Float[np.ndarray, " p"],
    weights: Float[np.ndarray, " p"],
    origin: Float[np.ndarray, " p"],
) -> Float[np.ndarray, "8 p"]:
    """The terms of one sample in the sums of `POWERS`.

    Args:
        marginals: m, of each player.
        weights: w, of the size each joined.
        origin: any fixed number near each player's marginals, so that few digits cancel.
    """
    away, squares = marginals - origin, weights**2
    powers = np.cumprod([np.ones_like(away), away, away, away, away], axis=0)
    return np.concatenate([squares * powers[:3], squares**2 * powers])


def evidence_of(
    sums: Float[np.ndarray, "8 p"],
    total_weights: Float[np.ndarray, " p"],
    values: Float[np.ndarray, " p"],
    origin: Float[np.ndarray, " p"],
    num_samples: int,
) -> Evidence:
    """Evidence from power sums over all samples.

    Args:
        sums: of `power_sums`.
        total_weights: Σ w of each player.
        values: φ.
        origin: as in `power_sums`.
        num_samples: n.
    """
    shift = origin - values
    squares = sums[0] * shift**2 + 2 * sums[1] * shift + sums[2]
    terms = zip(_BINOMIAL, sums[3:], (4, 3, 2, 1, 0), strict=True)
    fourths = np.sum([times * each * shift**power for times, each, power in terms], axis=0)
    varies = squares > num_samples * (_ROUNDING * np.abs(values).max(initial=0.0)) ** 2
    squares, fourths = np.where(varies, squares, 1.0), np.where(varies, fourths, 0.0)
    fourths = np.maximum(fourths, squares**2 / num_samples)  # by Cauchy and Schwarz
    effective = np.where(varies, squares**2 / fourths, 0.0)
    deviation = np.where(varies, np.sqrt(fourths / squares), 0.0)
    effective = np.minimum(effective, total_weights**2 / sums[0])
    return Evidence(effective, np.full_like(effective, deviation.max(initial=0.0)), num_samples)
