"""Mixtures of clean and wrong rows: what share is wrong, and how surely each row is.

For labels, the components need no shape: a prediction made without the row does not know its label,
so that the margins which wrong labels would have are seen by giving each row other labels. For any
other score, two normal distributions are fitted by expectation and maximisation.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.special import expit
from scipy.stats import norm

STEPS = 500
"""Iterations at most."""

LEAST_DEVIATION = 1e-3
"""Least standard deviation of a component, over that of all numbers."""


LEAST_SHARE = 0.2
"""Lowest share of margins of other labels, from which the share of wrong labels is read."""


@dataclass(frozen=True)
class LabelMixture:
    """How many labels are wrong, and how many of those below each margin are not.

    Attributes:
        share: π, share of wrong labels in all.
        margins: of all rows, ascending.
        false_discoveries: of the rows up to each margin, the share expected to be clean.
    """

    share: float
    margins: Float[np.ndarray, " n"]
    false_discoveries: Float[np.ndarray, " n"]


def all_margins(outputs: Float[np.ndarray, "n k"]) -> Float[np.ndarray, "n k"]:
    """Margin that each row would have under each label: its output above the best other."""
    ordered = np.partition(outputs, -2, axis=1)
    second, first = ordered[:, -2:-1], ordered[:, -1:]
    best_other = np.where(outputs == first, second, first)
    return outputs - best_other


def fit_label_mixture(
    outputs: Float[np.ndarray, "n k"], targets: Int[np.ndarray, " n"]
) -> LabelMixture:
    """Part the margins of given labels into those of right and of wrong ones.

    Let F be the distribution of the margins of given labels, G that of all other labels, C that of
    right and W that of wrong ones. If a wrong label is any of the k − 1 others alike and
    a = π/(k − 1), then F = (1 − π)C + πW and G = (1 − a)W + aC. Low margins are hardly ever those
    of right labels, so that π/(1 − a) is the least of F/G where G is at least `LEAST_SHARE`; then
    C follows, and (1 − π)C/F is the share of clean rows among those up to a margin. Wrong labels
    that favour likely classes are counted as clean.

    Args:
        outputs: predictions of rows without them, one column a class.
        targets: labels given.
    """
    num_rows, num_classes = outputs.shape
    margins = all_margins(outputs)
    is_given = np.arange(num_classes) == targets[:, None]
    given, others = np.sort(margins[is_given]), np.sort(margins[~is_given])
    share = _wrong_share(given, others, num_classes)
    wrong_kept = share / (num_classes - 1)
    below = np.arange(1, num_rows + 1) / num_rows
    below_others = np.searchsorted(others, given, side="right") / len(others)
    determinant = (1 - share) * (1 - wrong_kept) - share * wrong_kept
    clean = ((1 - wrong_kept) * below - share * below_others) / determinant
    expected = np.clip((1 - share) * np.clip(clean, 0, 1) / below, 0, 1)
    return LabelMixture(share, given, expected)


def _wrong_share(given: np.ndarray, others: np.ndarray, num_classes: int) -> float:
    """π of the least ratio of the two distributions; below that of labels given at random."""
    levels = np.linspace(LEAST_SHARE, 0.9, 71)
    reached = np.searchsorted(given, np.quantile(others, levels), side="right") / len(given)
    ratio = float((reached / levels).min())
    return min(ratio / (1 + ratio / (num_classes - 1)), 0.99 * (1 - 1 / num_classes))


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
