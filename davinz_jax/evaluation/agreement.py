"""Do scores order sets as the truth does? Rank correlations over draws, paired over resamples.

A draw is a list of sets, each with its scores and its truth; draws have nothing in common, so the
sets of each are resampled on their own, and what is reported is the mean over draws. All scores
see the same resamples, so that the difference of two has the interval of paired numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import jax
import numpy as np
from jaxtyping import Float, Int, Num, ScalarLike
from scipy import stats

from davinz_jax.data.randomness import numpy_generator
from davinz_jax.evaluation.correlation import Estimate, interval, spearman
from davinz_jax.types import PRNGKey

CHUNK = 2**22
"""Numbers ranked at once."""


@dataclass(frozen=True)
class Agreement:
    """Rank correlations of s scores with the truth, in d draws and b resamples.

    Attributes:
        names: of the scores.
        by_draw: correlation in each draw; 0 for a score that is constant there, which says
            nothing.
        resampled: mean over draws, in each resample of their sets.
    """

    names: tuple[str, ...]
    by_draw: Float[np.ndarray, "d s"]
    resampled: Float[np.ndarray, "b s"]

    def mean(self, name: str, *, level: ScalarLike = 0.95) -> Estimate:
        """Mean over draws of one score's correlation."""
        at = self.names.index(name)
        return interval(float(self.by_draw[:, at].mean()), self.resampled[:, at], level)

    def difference(self, name: str, other: str, *, level: ScalarLike = 0.95) -> Estimate:
        """Mean over draws of one score's correlation minus another's."""
        one, two = self.names.index(name), self.names.index(other)
        value = float((self.by_draw[:, one] - self.by_draw[:, two]).mean())
        return interval(value, self.resampled[:, one] - self.resampled[:, two], level)


def compare_scores(
    names: Sequence[str],
    scores: Sequence[Float[np.ndarray, "s _"]],
    truths: Sequence[Float[np.ndarray, " _"]],
    *,
    key: PRNGKey,
    num_resamples: int = 10_000,
    of_draws: bool = False,
) -> Agreement:
    """Spearman correlation of each score with the truth, and its resamples over sets.

    Args:
        names: of the s scores.
        scores: for each draw, the scores of its sets.
        truths: for each draw, the truth of its sets.
        key: decides the resamples.
        num_resamples: how many.
        of_draws: whether draws are resampled too, as where they part the same rows anew.

    Raises:
        ValueError: if a draw's scores and truth are not of as many sets.
    """
    resampled = np.zeros((num_resamples, len(names)))
    by_draw = np.zeros((len(truths), len(names)))
    keys = jax.random.split(key, len(truths))
    weights = np.full((1, len(truths)), 1 / len(truths))
    if of_draws:
        generator = numpy_generator(jax.random.fold_in(key, len(truths)))
        weights = generator.multinomial(len(truths), weights[0], num_resamples) / len(truths)
    for draw, (score, truth) in enumerate(zip(scores, truths, strict=True)):
        _check(names, score, truth)
        by_draw[draw] = rank_correlations(score, truth, np.arange(len(truth))[None])[0]
        picks = numpy_generator(keys[draw]).integers(len(truth), size=(num_resamples, len(truth)))
        resampled += rank_correlations(score, truth, picks) * weights[:, draw, None]
    return Agreement(tuple(names), by_draw, resampled)


def rank_correlations(
    scores: Float[np.ndarray, "s n"], truth: Float[np.ndarray, " n"], picks: Int[np.ndarray, "b n"]
) -> Float[np.ndarray, "b s"]:
    """Spearman correlation of each score with the truth on picked sets; 0 where one is constant."""
    found = np.empty((len(picks), len(scores)))
    step = max(1, CHUNK // picks.shape[1])
    for start in range(0, len(picks), step):
        rows = picks[start : start + step]
        goal = _unit_ranks(truth[rows])
        for at, score in enumerate(scores):
            found[start : start + step, at] = (_unit_ranks(score[rows]) * goal).sum(1)
    return found


def ordered_pairs(score: Num[np.ndarray, " n"], truth: Num[np.ndarray, " n"]) -> float:
    """Share of pairs of sets with different truths that a score orders alike; its ties count half.

    >>> ordered_pairs(np.array([1, 2, 2]), np.array([0.1, 0.5, 0.9]))
    0.8333333333333334
    """
    first, second = np.triu_indices(len(truth), 1)
    differs = truth[first] != truth[second]
    if not differs.any():
        return float("nan")
    signs = np.sign((score[first] - score[second]) * (truth[first] - truth[second]))[differs]
    return float((signs + 1).mean() / 2)


def split_half_reliability(
    measured: Float[np.ndarray, "n s"], *, key: PRNGKey, num_splits: int = 200
) -> float:
    """How well the mean of s measurements of n sets would agree with that of s new ones.

    Spearman's rank correlation of the means of two random halves, stepped up to the full number
    by the Spearman-Brown formula 2r / (1 + r), averaged over splits.

    Raises:
        ValueError: for a single measurement, which has no halves.

    References:
        Brown 1910 (`brown1910some`), and Spearman in the same issue.
    """
    num_measurements = measured.shape[1]
    if num_measurements < 2:
        raise ValueError(
            f"measured: wanted two measurements of each set or more, got {num_measurements}; "
            "train from more seeds"
        )
    generator, half = numpy_generator(key), num_measurements // 2
    found = []
    for _ in range(num_splits):
        order = generator.permutation(num_measurements)
        one, other = (measured[:, order[at : at + half]].mean(1) for at in (0, half))
        correlation = spearman(one, other)
        found.append(2 * correlation / (1 + correlation))
    return float(np.mean(found))


def _unit_ranks(values: Float[np.ndarray, "b n"]) -> Float[np.ndarray, "b n"]:
    """Ranks centred and of length 1 in each row; zeros for a constant row."""
    ranks = stats.rankdata(values, axis=1)
    ranks -= ranks.mean(1, keepdims=True)
    length = np.sqrt(np.square(ranks).sum(1, keepdims=True))
    return np.divide(ranks, length, out=np.zeros_like(ranks), where=length > 0)


def _check(names: Sequence[str], scores: np.ndarray, truth: np.ndarray) -> None:
    if scores.shape != (len(names), len(truth)):
        raise ValueError(
            f"scores: wanted shape {(len(names), len(truth))}, a number for each score and set of "
            f"the truth, got {scores.shape}; pair scores and sets"
        )
