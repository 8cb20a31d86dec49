r"""Sampling semivalues by permutations: one utility pass gives a marginal to every player.

In a uniform permutation, the players before j are a uniform coalition of a uniform size. So
E[p P(s) (u(S ∪ j) − u(S))] over permutations, with s the position of j, is the semivalue with
size probabilities P; for Shapley all weights p P(s) are 1.

Designs differ in which permutations are drawn together:

- `permutation`: one (Castro et al. 2009);
- `antithetic`: one and its reverse, so that early and late marginals come in pairs (Mitchell et
  al. 2022); cancels whatever is linear in a player's position;
- `stratified`: one, its rotations by multiples of p/4, and the reverse of each, so that each
  player is twice in each quarter of positions, at mirrored places (Castro et al. 2017 stratify by
  position; rotating keeps one utility pass for all players).

Each permutation drawn is uniform by itself, so that all designs are unbiased.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from davinz_jax.semivalues.exact import exact_semivalue
from davinz_jax.semivalues.sampling import (
    Sampler,
    SamplingRun,
    Sums,
    num_resamples,
    sample_semivalue,
)
from davinz_jax.semivalues.valuation import Valuation
from davinz_jax.types import Utility
from davinz_jax.utility.resampling import with_resamples

DESIGNS = ("antithetic", "permutation", "stratified")
"""Names of the designs, that of `auto` first."""

BUDGET = 1000
"""Permutations drawn where no number is given."""

STRATA = 4
"""Rotations in a stratified unit, each with its reverse."""


def semivalue_by_permutations(
    utility: Utility,
    size_weights: Float[np.ndarray, " p"],
    semivalue: str,
    run: SamplingRun,
    settings: Mapping[str, Any] | None = None,
) -> Valuation:
    """A semivalue, exact or by permutations, with its error from the validation set if known.

    Args:
        utility: what is to be shared out.
        size_weights: probability of each size 0, …, p − 1 of the coalition that a player joins.
        semivalue: its name.
        run: how it is sampled, from which key.
        settings: what else defines the semivalue, for the description.
    """
    utility = with_resamples(utility)
    estimator = run.sampling.estimator(len(utility.players), DESIGNS)
    if estimator == "exact":
        return exact_semivalue(
            utility, size_weights, semivalue, settings=settings, progress=run.progress
        )
    sampler = permutation_sampler(utility, size_weights, estimator)
    return sample_semivalue(utility, sampler, semivalue, run, settings=settings)


def permutation_sampler(
    utility: Utility, size_weights: Float[np.ndarray, " p"], design: str
) -> Sampler:
    """Sampler of a semivalue by permutations.

    Args:
        utility: what is to be shared out.
        size_weights: probability of each size 0, …, p − 1 of the coalition that a player joins.
        design: one of `DESIGNS`: which permutations are drawn together.
    """
    num_players = len(utility.players)
    weights = num_players * size_weights
    num = utility.num_initialisations
    shapes = {"marginals": (len(utility.terms), num, num_players)}
    if resamples := num_resamples(utility):
        shapes["resampled"] = (len(utility.terms), resamples, num_players)

    def draw(generators: Sequence[np.random.Generator]) -> Iterator[Sums]:
        for generator in generators:
            orders = unit_of(generator.permutation(num_players), design)
            parts = [_weighted_marginals(utility, order, weights) for order in orders]
            mean = np.mean(parts, axis=0)
            both = {"marginals": mean[:, :num], "resampled": mean[:, num:]}
            yield {name: both[name] for name in shapes}

    samples = len(unit_of(np.arange(num_players), design))
    return Sampler(design, samples, 1, BUDGET, shapes, draw, _mean_marginals)


def unit_of(order: Int[np.ndarray, " p"], design: str) -> list[Int[np.ndarray, " p"]]:
    """The permutations that a design takes together with a random one."""
    if design == "antithetic":
        return [order, order[::-1].copy()]
    if design == "stratified":
        num = min(STRATA, len(order))
        turned = [np.roll(order, part * len(order) // num) for part in range(num)]
        return turned + [each[::-1].copy() for each in turned]
    return [order]


def _weighted_marginals(
    utility: Utility, order: Int[np.ndarray, " p"], weights: Float[np.ndarray, " p"]
) -> Float[np.ndarray, "t c p"]:
    by_position = np.diff(utility.prefixes(order), axis=-1) * weights
    marginals = np.empty_like(by_position)
    marginals[..., order] = by_position
    return marginals


def _mean_marginals(
    sums: Sums, counts: Int[np.ndarray, " g"]
) -> tuple[Float[np.ndarray, "t c p"], Float[np.ndarray, "g t i p"]]:
    total = sums["marginals"][: len(counts)]
    every = [total.sum(axis=0)]
    if "resampled" in sums:
        every.append(sums["resampled"][0])
    return np.concatenate(every, axis=1) / counts.sum(), total / counts[:, None, None, None]
