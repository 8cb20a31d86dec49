r"""Standard errors and intervals of values: initialisations, samples, the validation set's draw.

Each source of spread is a factor F (r, p) with r replicates: the variance of any combination
c of the p values is ‖F c‖². So the error of a difference of two players is paired, and that of a
party's sum of rows carries over. All sources together: variances add, and half-widths of
intervals add as squares, each with its own t quantile,

    width² = t²(i − 1) ‖F_init c‖² + t²(g − 1) ‖F_samp c‖² + t²(d) (‖F_val c‖² + floor)
             + t²(r) ‖F_round c‖² + t²(i) ‖F_sketch c‖².

Intervals of values hold each by itself. Comparisons hold all together: with the probability of the
level no two players of equal worth are told apart, whatever the dependence between pairs, by
Holm's steps: with c pairs not told apart yet, each is asked at level 1 − (1 − level)/c.

The spread over initialisations already contains what sampling noise they do not share; adding
both is on the safe side. F_val holds values under resamples of the validation rows less the value
(`utility/resampling.py`): their mean square, so that a bias over draws widens the interval too.
F_round holds, likewise, values under r other roundings of the kernel (`rounding.py`), F_sketch what
values by the halves of a sketched kernel say of its error and bias (`sketch.py`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Int, ScalarLike
from scipy.stats import t as student

from davinz_jax.types import Utility
from davinz_jax.utility.resampling import resampling_of

_DIGITS = 12  # of the largest value: a difference beyond them is rounding
_BLOCK = 512
_MOST_STEPPED = 2000  # players up to which Holm's steps are worth looking at all pairs again


@dataclass(frozen=True)
class Spread:
    """One measured source of error of p values.

    Attributes:
        factor: F, (r, p); unit of the values.
        degrees: degrees of freedom of the variance.
        floor: variance of any value or difference that the replicates cannot see.
        own: variance of each value that they cannot see and that it shares with no other.
    """

    factor: Float[np.ndarray, "r p"]
    degrees: ScalarLike
    floor: ScalarLike = 0.0
    own: Float[np.ndarray, " p"] | None = None

    @property
    def variance(self) -> Float[np.ndarray, " p"]:
        """Variance of each value."""
        return self._apart + self.floor

    def differences(self, rows: slice) -> Float[np.ndarray, "b p"]:
        """Variance of the difference of the players in `rows` to every player."""
        here, apart = self.factor[:, rows], self._apart
        crossed = apart[rows, None] + apart[None, :] - 2.0 * here.T @ self.factor
        return np.maximum(crossed, 0.0) + self.floor

    def quantile(self, level: ScalarLike) -> float:
        """Two-sided t quantile of a level such as 0.95."""
        return float(student.ppf(0.5 + float(np.asarray(level)) / 2.0, self.degrees))

    @property
    def _apart(self) -> Float[np.ndarray, " p"]:
        squares = np.square(self.factor).sum(axis=0)
        return squares if self.own is None else squares + self.own


def spread_of_mean(
    replicates: Float[np.ndarray, "r ..."], counts: Int[np.ndarray, " r"]
) -> Float[np.ndarray, "r ..."]:
    """Factor of the mean of replicates that are themselves means of `counts` draws.

    With draws of variance σ², a replicate of c draws has variance σ²/c, and the pooled mean of C
    draws has σ²/C with σ² = Σ c (m − mean)² / (r − 1).

    Args:
        replicates: m, means of `counts` draws each.
        counts: draws of each replicate, positive.

    Returns:
        F, the square of which sums over r to the variance of the pooled mean.
    """
    total = counts.sum()
    weights = (counts / total).reshape(-1, *[1] * (replicates.ndim - 1))
    centred = replicates - (weights * replicates).sum(axis=0)
    return centred * np.sqrt(weights / (len(counts) - 1))


@dataclass(frozen=True, eq=False)
class ResampledValues:
    """Values under resamples of the validation set.

    Attributes:
        deviations: (b, p), value under each of b resamples less the value, of a size that their
            mean square is the variance; unit of the values.
        degrees: degrees of freedom of the variance.
        floor: variance that resamples cannot see, see `Resampling`.
    """

    deviations: Float[np.ndarray, "b p"]
    degrees: ScalarLike
    floor: ScalarLike = 0.0

    @property
    def spread(self) -> Spread:
        """The draw of the validation set as a source of error."""
        factor = self.deviations / np.sqrt(len(self.deviations))
        return Spread(factor, self.degrees, self.floor)

    def combine(self, weights: Float[np.ndarray, "p q"]) -> "ResampledValues":
        """Of q weighted sums of the values."""
        return replace(self, deviations=self.deviations @ weights)


def resampled_values(
    utility: Utility, draws: Float[np.ndarray, "t i p"], resampled: Float[np.ndarray, "t b p"]
) -> ResampledValues | None:
    """Values under resamples less the values; None where the utility knows no resamples."""
    resampling = resampling_of(utility)
    if resampling is None or not resampled.shape[1]:
        return None
    away = resampled.sum(axis=0) - draws.sum(axis=0).mean(axis=0)
    away *= np.sqrt(resampling.inflation)
    return ResampledValues(away, resampling.degrees, resampling.floor)


@dataclass(frozen=True, eq=False)
class RoundedValues:
    """Values of single draws of the network under other roundings of their kernels.

    Attributes:
        deviations: (r, p), value under each of r roundings less the value, of one draw each; unit
            of the values.
        num_initialisations: i, draws that the values are the mean of, each with its own rounding.
    """

    deviations: Float[np.ndarray, "r p"]
    num_initialisations: int

    @property
    def spread(self) -> Spread:
        """The rounding as a source of error of the mean over draws: their mean is known to be 0."""
        num = len(self.deviations)
        return Spread(self.deviations / np.sqrt(num * self.num_initialisations), num)

    def combine(self, weights: Float[np.ndarray, "p q"]) -> "RoundedValues":
        """Of q weighted sums of the values."""
        return replace(self, deviations=self.deviations @ weights)


@dataclass(frozen=True, eq=False)
class SketchedValues:
    """Values by either half of a sketched kernel.

    Attributes:
        deviations: (2, i, p), value of each draw of the network by one half less that by both; unit
            of the values.
    """

    deviations: Float[np.ndarray, "2 i p"]

    @property
    def spread(self) -> Spread:
        """The sketch as a source of error of the mean over draws, each with a sketch of its own.

        Rows of the factor are half the halves' difference in each draw, whose mean is known to be
        0, and the bias: how far the halves' mean is from the value, in the mean over draws.
        """
        first, second = self.deviations
        bias = (first + second).mean(axis=0, keepdims=True) / 2
        factor = np.concatenate([(first - second) / (2 * len(first)), bias])
        return Spread(factor, len(first))

    def combine(self, weights: Float[np.ndarray, "p q"]) -> "SketchedValues":
        """Of q weighted sums of the values."""
        return replace(self, deviations=self.deviations @ weights)


def half_width(
    spreads: list[Spread], level: ScalarLike, num_players: int
) -> Float[np.ndarray, " p"]:
    """Half-width of each value's interval; NaN where no source of error was measured."""
    if not spreads:
        return np.full(num_players, np.nan)
    return np.sqrt(sum(s.quantile(level) ** 2 * s.variance for s in spreads))


def blocks_of_players(num_players: int) -> Iterator[slice]:
    """Consecutive players, so that pairs are looked at a part at a time."""
    for first in range(0, num_players, _BLOCK):
        yield slice(first, min(first + _BLOCK, num_players))


def joint_level(
    values: Float[np.ndarray, " p"], spreads: Sequence[Spread], level: ScalarLike
) -> float:
    """Level of each comparison at which all pairs hold together at `level`.

    The replicates are too few to learn the joint distribution of all differences from (five
    initialisations, 190 pairs of 20 players), and each pair has a variance of its own, for which
    the studentised range, of one common variance, is too short.

    Args:
        values: values of the players.
        spreads: their sources of error.
        level: wanted of all comparisons together.

    References:
        Holm 1979 (`holm1979simple`). Beyond 2,000 players his first step alone, which is
        Bonferroni's.
    """
    num, doubt = len(values), 1.0 - float(np.asarray(level))
    pairs, told_apart = num * (num - 1) // 2, -1
    found = 0
    while told_apart < found < pairs:
        told_apart, single = found, 1.0 - doubt / (pairs - found)
        if num > _MOST_STEPPED:
            return single
        found = sum(int(above(values, spreads, single, b).sum()) for b in blocks_of_players(num))
    return 1.0 - doubt / max(pairs - told_apart, 1)


def above(
    values: Float[np.ndarray, " p"], spreads: Sequence[Spread], level: ScalarLike, rows: slice
) -> Bool[np.ndarray, "b p"]:
    """Whether each player in `rows` is worth more than each player beyond doubt, pair by pair.

    Doubt ends where the interval of the difference leaves zero out; with no error measured, where
    the values differ by more than rounding.
    """
    cleaned = without_rounding(values)
    gap = cleaned[rows, None] - cleaned[None, :]
    width = np.zeros_like(gap)
    for spread in spreads:
        width += spread.quantile(level) ** 2 * spread.differences(rows)
    return gap > np.sqrt(width)


def without_rounding(values: Float[np.ndarray, " p"]) -> Float[np.ndarray, " p"]:
    """Values to twelve digits of the largest, so that equal ones tie."""
    scale = np.abs(values).max(initial=0.0)
    return np.round(values / scale, _DIGITS) * scale if scale > 0 else values
