"""Utilities of folds, averaged: each validation row judges coalitions without its own fold.

u(S) = Σ_k (m_k / m) u_k(S ∖ fold k), with u_k judged on the m_k rows of fold k. Semivalues are
linear in the utility, so that the values of u are those of the folds, pooled over all m rows. All
folds look at one kernel: fold k leaves its own rows out by counting them no time.

Where a utility is a mean over validation rows, as most metrics of regression are, pooling changes
nothing but the rows it is a mean of. Where it is not (AUC, R², the MMD of ν), u is the mean of what
folds of m/K rows say; the biased MMD then is larger than that to m rows at once.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, final

import jax
import numpy as np
from jaxtyping import Bool, Float, Int

from davinz_jax.data.dataset import Dataset, Parties
from davinz_jax.kernels import Kernel, target_columns
from davinz_jax.kernels.sketch import map_halves
from davinz_jax.types import PRNGKey, Utility
from davinz_jax.utility.base import AbstractUtility
from davinz_jax.utility.kernel_algebra import sketch_halves
from davinz_jax.utility.metrics import Metric
from davinz_jax.utility.resampling import (
    Resamples,
    Resampling,
    draw_resamples,
    resampling_of,
    with_resamples,
)
from davinz_jax.utility.row_scores import Tell, row_scored
from davinz_jax.utility.set_score import Judged, pool


@final
class CrossFitUtility(AbstractUtility):
    """The mean over folds of utilities of the same players, weighted by the rows that judge them.

    Args:
        by_fold: utility of each fold, in which its rows count no time.
        parties: players, and the rows they hold in all.
        folds: fold of each row, −1 for rows that judge nobody.

    Attributes:
        exposure: share of the validation rows that each player has rows for outside their fold:
            1 − m_k/m for a player of one row. A value is divided by it, so that it is the mean
            over the rows that the player can matter for.
    """

    def __init__(
        self, by_fold: Sequence[Utility], parties: Parties, folds: Int[np.ndarray, " n"]
    ) -> None:
        first = by_fold[0]
        self.by_fold, self._parties, self._folds = tuple(by_fold), parties, folds
        self.players, self.terms = first.players, first.terms
        self.num_initialisations = first.num_initialisations
        self.player_sizes, self.player_rows = parties.sizes, parties.rows
        counts = np.bincount(folds[folds >= 0])
        self._shares = counts / counts.sum()
        self.exposure = _exposure(parties, folds, self._shares)
        self.resampling = _pool([resampling_of(each) for each in by_fold], counts)

    @property
    def bandwidths(self) -> tuple[tuple[float, ...], ...]:
        """σ of each kernel of the discrepancy, the same in all folds."""
        return self.by_fold[0].bandwidths  # pyright: ignore

    @property
    def by_metric(self) -> dict[str, "CrossFitUtility"]:
        """A utility for each metric of a regression, by name."""
        each: list[dict[str, Utility]] = [fold.by_metric for fold in self.by_fold]  # pyright: ignore
        return {name: self._of([fold[name] for fold in each]) for name in each[0]}

    def coalitions(self, members: Bool[np.ndarray, "c p"]) -> Float[np.ndarray, "t i c"]:
        """Utilities of the coalitions whose members are marked."""
        return self._mean(lambda utility: utility.coalitions(members))

    def grand(self) -> Float[np.ndarray, "t i"]:
        """Utility of all players together."""
        return self._mean(lambda utility: utility.grand())

    def power_set(self) -> Float[np.ndarray, "t i s"]:
        """Utilities of all s = 2^p coalitions; bit j of the index marks player j."""
        return self._mean(lambda utility: utility.power_set())

    def prefixes(self, permutation: Int[np.ndarray, " p"]) -> Float[np.ndarray, "t i q"]:
        """Utilities of the q = p + 1 prefixes of a permutation, the empty one first."""
        return self._mean(lambda utility: utility.prefixes(permutation))

    def leave_one_out(self) -> Float[np.ndarray, "t i p"]:
        """Marginals u(N) - u(N without j) of every player j."""
        return self._mean(lambda utility: utility.leave_one_out())

    def with_resamples(self) -> "CrossFitUtility":
        """This utility with answers under resamples of each fold's rows."""
        return self._of([with_resamples(each) for each in self.by_fold])

    def halves(self) -> tuple["CrossFitUtility", "CrossFitUtility"] | None:
        """This utility on either half of a sketch; None where no kernel is one."""
        every = [sketch_halves(each) for each in self.by_fold]
        if any(each is None for each in every):
            return None
        first, second = zip(*(each for each in every if each is not None), strict=True)
        return self._of(first), self._of(second)

    def judged(self) -> Judged:
        """What all rows predict for each row of the folds, in the mean over initialisations."""
        return pool([fold.judged() for fold in self.by_fold])  # pyright: ignore

    @property
    def row_metric(self) -> Metric:
        """What each fold measures; see `RowScored`."""
        return row_scored(self.by_fold[0]).row_metric

    @property
    def row_weights(self) -> Float[np.ndarray, " n"]:
        """Weight of each row as one that judges, 0 for one that judges nobody."""
        judges = self._folds >= 0
        return judges / judges.sum()

    def row_scores(self) -> Float[np.ndarray, " n"]:
        """Score of each row by the regression on the other folds; NaN for one that judges nobody.

        See `RowScored`.
        """
        scores = np.full(len(self._folds), np.nan)
        for k, fold in enumerate(self.by_fold):
            scores[self._folds == k] = row_scored(fold).row_scores()
        return scores

    def telling(self, tell: Tell) -> "CrossFitUtility":
        """This utility, each row's scores told as one that judges; see `RowScored`."""

        def of_fold(k: int) -> Tell:
            rows = np.flatnonzero(self._folds == k)
            return lambda coalitions, _, scores: tell(coalitions, rows, scores)

        folds = [row_scored(fold).telling(of_fold(k)) for k, fold in enumerate(self.by_fold)]
        return self._of(folds)

    def describe(self) -> dict[str, Any]:
        """As of one fold, with the number of folds and of rows that judge."""
        counts = {
            "num_folds": len(self.by_fold),
            "num_validation_rows": int((self._folds >= 0).sum()),
        }
        return self.by_fold[0].describe() | counts

    def _of(self, by_fold: Sequence[Utility]) -> "CrossFitUtility":
        return CrossFitUtility(by_fold, self._parties, self._folds)

    def _mean(
        self, answer: Callable[[Utility], Float[np.ndarray, "t i ..."]]
    ) -> Float[np.ndarray, "t i ..."]:
        total = self._shares[0] * answer(self.by_fold[0])
        for share, utility in zip(self._shares[1:], self.by_fold[1:], strict=True):
            total += share * answer(utility)
        return total


def judge_by_folds(
    dataset: Dataset,
    parties: Parties,
    resamples: Sequence[Resamples | None],
    make: Callable[[Int[np.ndarray, " m"], Float[np.ndarray, " n"], Resamples | None], Utility],
) -> CrossFitUtility:
    """A utility made for each fold of a dataset.

    Args:
        dataset: with folds.
        parties: players.
        resamples: of the rows of each fold.
        make: rows of a fold, times that each row counts in it, and resamples, to its utility.
    """
    folds = dataset.folds
    assert folds is not None
    made = [
        make(np.flatnonzero(folds == k), (folds != k).astype(np.float64), drawn)
        for k, drawn in enumerate(resamples)
    ]
    return CrossFitUtility(made, parties, folds)


def fold_resamples(
    folds: Int[np.ndarray, " n"], num: int, *, key: PRNGKey
) -> list[Resamples | None]:
    """Draws of the rows of each fold by themselves."""
    counts = np.bincount(folds[folds >= 0])
    keys = jax.random.split(key, len(counts))
    return [draw_resamples(int(m), num, key=one) for m, one in zip(counts, keys, strict=True)]


def judged_by_itself(kernel: Kernel, dataset: Dataset) -> Any:
    """A dense kernel of rows as one with validation rows: the rows themselves.

    Raises:
        ValueError: for a kernel in several blocks, which knows no pairs across them.
    """
    if kernel.blocks.shape[1] > 1:
        raise ValueError(
            f"num_blocks: wanted 1 where rows judge each other in folds, got "
            f"{kernel.blocks.shape[1]}; set num_blocks=1, or hold rows out"
        )
    place = np.argsort(kernel.rows[0])
    columns = target_columns(
        dataset.targets, task=dataset.task, num_classes=kernel.residual.shape[2]
    )
    across = kernel.blocks[:, 0]
    if (place != np.arange(len(place))).any():
        across = across[:, place][:, :, place]
    return replace(
        kernel,  # pyright: ignore
        validation_kernel=across,
        validation_outputs=columns - kernel.residual,
        make_halves=map_halves(lambda half: judged_by_itself(half, dataset), kernel),
    )


def take_validation(kernel: Kernel, rows: Int[np.ndarray, " m"] | slice) -> Any:
    """A kernel with some of its validation rows."""
    if isinstance(rows, slice):
        return kernel
    assert kernel.validation_kernel is not None
    assert kernel.validation_outputs is not None
    return replace(
        kernel,  # pyright: ignore
        validation_kernel=kernel.validation_kernel[:, rows],
        validation_outputs=kernel.validation_outputs[:, rows],
        make_halves=map_halves(lambda half: take_validation(half, rows), kernel),
    )


def _exposure(
    parties: Parties, folds: Int[np.ndarray, " n"], shares: Float[np.ndarray, " k"]
) -> Float[np.ndarray, " p"]:
    """Share of the validation rows outside of whose fold each player has a row."""
    held = np.zeros((len(parties), len(shares)))
    judged = folds >= 0
    np.add.at(held, (parties.indices[judged], folds[judged]), 1)
    return (held < parties.sizes[:, None]) @ shares


def _pool(parts: Sequence[Resampling | None], counts: Int[np.ndarray, " k"]) -> Resampling | None:
    """What resamples of all folds together stand for: rows are drawn within their folds."""
    known = [each for each in parts if each is not None]
    if len(known) < len(parts):
        return None
    num, num_rows = known[0].num, int(counts.sum())
    free = num_rows - len(counts)
    floors = [each.floor * (m / num_rows) ** 2 for each, m in zip(known, counts, strict=True)]
    return Resampling(num, 1 / (1 / num + 1 / free), num_rows / free, float(np.mean(floors)))
