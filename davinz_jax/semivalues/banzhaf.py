"""The Banzhaf value, exact or by maximum sample reuse."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from davinz_jax.semivalues.evidence import POWERS, Evidence, evidence_of, power_sums
from davinz_jax.semivalues.exact import exact_semivalue
from davinz_jax.semivalues.row_tallies import ReuseTally
from davinz_jax.semivalues.sampling import (
    GROUPS,
    Estimate,
    Sampler,
    Sampling,
    SamplingRun,
    Sums,
    num_resamples,
    sample_semivalue,
)
from davinz_jax.semivalues.size_weights import banzhaf_weights
from davinz_jax.semivalues.valuation import Valuation
from davinz_jax.types import PRNGKey, Progress, Utility
from davinz_jax.utility.resampling import with_resamples

ESTIMATOR = "sample_reuse"
BUDGET = 10_000
"""Coalitions drawn where no number is given."""


def banzhaf(
    utility: Utility,
    *,
    sampling: Sampling | None = None,
    key: PRNGKey | None = None,
    checkpoint: Path | None = None,
    progress: Progress | None = None,
    per_validation_row: bool = False,
) -> Valuation:
    """Banzhaf value: a player's mean marginal over all coalitions of the others.

    Args:
        utility: what is to be shared out; unit of its answers is the unit of the values.
        sampling: as in `shapley`, and so are the next ones; coalitions are sampled.
        key: random key; wanted for sampling.
        checkpoint: file that sampling goes on from, if there, and keeps its state in.
        progress: called with the coalitions done, those in all, and the stage.
        per_validation_row: as in `shapley`.

    Returns:
        Values; with their sampling error, if sampled.

    Raises:
        ValueError: as `exact_semivalue` and `sample_semivalue`.

    References:
        Banzhaf 1965 (`banzhaf1965weighted`); Wang & Jia 2023 (`wang2023banzhaf`), Data Banzhaf.
    """
    run, num_players = (
        SamplingRun(sampling or Sampling(), key, checkpoint, progress, per_validation_row),
        len(utility.players),
    )
    utility = with_resamples(utility)
    if run.sampling.estimator(num_players, {ESTIMATOR: 1}, BUDGET) == "exact":
        weights = banzhaf_weights(num_players)
        return exact_semivalue(
            utility,
            weights,
            "banzhaf",
            progress=progress,
            per_validation_row=per_validation_row,
        )
    tally = ReuseTally(utility, run.folder) if per_validation_row else None
    return sample_semivalue(utility, reuse_sampler(utility, tally), "banzhaf", run)


def reuse_sampler(utility: Utility, tally: ReuseTally | None = None) -> Sampler:
    """Sampler by maximum sample reuse: mean worth with a player, less mean worth without."""
    num, num_players = utility.num_initialisations, len(utility.players)
    shape = (len(utility.terms), num, num_players)
    shapes = {"inside": shape, "outside": shape, "count": (num_players,), "powers": (POWERS, 1)}
    if resamples := num_resamples(utility):
        wider = (len(utility.terms), resamples, num_players)
        shapes |= {"resampled_inside": wider, "resampled_outside": wider}
    if tally is not None:
        shapes |= {name: (tally.num_rows,) for name in ("row_scores", "squared_row_scores")}
    origin = _total(utility.grand()[:, :num, None])

    def draw(generators: Sequence[np.random.Generator]) -> Iterator[Sums]:
        members = np.stack([g.integers(0, 2, num_players).astype(bool) for g in generators])
        if tally is None:
            worths, scores = utility.coalitions(members), np.zeros((len(members), 0))
        else:
            worths, scores = tally.coalitions(members)
        each = zip(members, np.moveaxis(worths, -1, 0), scores, strict=True)
        for coalition, worth, by_row in each:
            inside = worth[..., None] * coalition
            outside = worth[..., None] - inside
            every = {
                "inside": inside[:, :num],
                "outside": outside[:, :num],
                "resampled_inside": inside[:, num:],
                "resampled_outside": outside[:, num:],
                "count": coalition.astype(np.float64),
                "powers": power_sums(_total(worth[:, :num, None]), np.ones(1), origin),
                "row_scores": by_row,
                "squared_row_scores": np.square(by_row),
            }
            yield {name: every[name] for name in shapes}

    def estimate(sums: Sums, counts: Int[np.ndarray, " g"]) -> Estimate:
        value, replicates = _difference_of_means(sums, counts)
        return Estimate(value, replicates, _evidence(sums, origin, int(counts.sum())))

    batch = _batch(utility)
    return Sampler(ESTIMATOR, 1, batch, BUDGET, shapes, draw, estimate, tally)


def _batch(utility: Utility) -> int:
    """Coalitions drawn together: fewer the more rows they hold, as state is kept in between."""
    num_rows = max(int(np.sum(utility.player_sizes)), 1)
    return max(1, min(GROUPS, GROUPS * 500**2 // num_rows**2))


def _difference_of_means(
    sums: Sums, counts: Int[np.ndarray, " g"]
) -> tuple[Float[np.ndarray, "t c p"], Float[np.ndarray, "g t i p"]]:
    """Values, and replicates by their first-order (linearised) change from group to group.

    With A worths summed over the a coalitions that hold a player and B over the b that do not,
    the value is A/a − B/b, and group g of n of all N coalitions moves it by
    (A_g − a_g A/a)/a − (B_g − b_g B/b)/b, which sums to 0; times N/n it is the group's own.
    """
    inside, outside = (sums[name][: len(counts)] for name in ("inside", "outside"))
    with_player = sums["count"][: len(counts)]
    without = counts[:, None] - with_player
    _check_both_sides(with_player.sum(axis=0), without.sum(axis=0))
    means, deviations = [], []
    for worths, number in ((inside, with_player), (outside, without)):
        mean = worths.sum(axis=0) / number.sum(axis=0)
        means.append(mean)
        deviations.append((worths - number[:, None, None] * mean) / number.sum(axis=0))
    share = (counts / counts.sum())[:, None, None, None]
    value = means[0] - means[1]
    replicates = value + (deviations[0] - deviations[1]) / share
    if "resampled_inside" in sums:
        resampled = sums["resampled_inside"][0] / with_player.sum(axis=0)
        resampled -= sums["resampled_outside"][0] / without.sum(axis=0)
        value = np.concatenate([value, resampled], axis=1)
    return value, replicates


def _evidence(sums: Sums, origin: Float[np.ndarray, " 1"], num: int) -> Evidence:
    """That of the mean worth ū, for everyone: a coalition moves each value by ± 2 (u − ū)."""
    worths = _total((sums["inside"] + sums["outside"]).sum(axis=0) / num)
    total, powers = np.full(1, float(num)), sums["powers"].sum(axis=0)
    of_mean = evidence_of(powers, total, worths[:1], origin, num)
    return of_mean.combine(np.full((1, len(worths)), 2.0))


def _total(worths: Float[np.ndarray, "t i p"]) -> Float[np.ndarray, " p"]:
    return worths.sum(axis=0).mean(axis=0)


def _check_both_sides(inside: np.ndarray, outside: np.ndarray) -> None:
    if inside.min() == 0 or outside.min() == 0:
        raise ValueError(
            "num_samples: wanted coalitions with and without each player, got a player that none "
            "or all of them hold; draw more"
        )
