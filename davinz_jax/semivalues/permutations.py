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
from typing import Any, Literal

import numpy as np
from jaxtyping import Float, Int

from davinz_jax.semivalues.exact import AUTO_EXACT, exact_semivalue
from davinz_jax.semivalues.sampling import Sampler, SamplingPlan, Sums, sample_semivalue
from davinz_jax.semivalues.valuation import Valuation
from davinz_jax.types import Utility

Design = Literal["permutation", "antithetic", "stratified"]
PermutationMethod = Literal["auto", "exact", "permutation", "antithetic", "stratified"]

STRATA = 4
"""Rotations in a stratified unit, each with its reverse."""


def semivalue_by_permutations(
    utility: Utility,
    sizes: Float[np.ndarray, " p"],
    name: str,
    method: PermutationMethod,
    plan: SamplingPlan,
    settings: Mapping[str, Any] | None = None,
) -> Valuation:
    """A semivalue, exact or by permutations.

    Args:
        utility: what is to be shared out.
        sizes: probability of each size 0, …, p − 1 of the coalition that a player joins.
        name: name of the semivalue.
        method: `exact`, a design, or `auto`: exact up to `AUTO_EXACT` players, then antithetic.
        plan: how much to sample, from which key.
        settings: what else defines the semivalue, for the description.
    """
    if method == "exact" or (method == "auto" and len(utility.players) <= AUTO_EXACT):
        return exact_semivalue(utility, sizes, name, settings=settings, progress=plan.progress)
    sampler = permutation_sampler(utility, sizes, "antithetic" if method == "auto" else method)
    return sample_semivalue(utility, sampler, name, plan, settings=settings)


def permutation_sampler(
    utility: Utility, sizes: Float[np.ndarray, " p"], design: Design
) -> Sampler:
    """Sampler of a semivalue by permutations.

    Args:
        utility: what is to be shared out.
        sizes: probability of each size 0, …, p − 1 of the coalition that a player joins.
        design: which permutations are drawn together.
    """
    num_players = len(utility.players)
    weights = num_players * sizes
    shape = (len(utility.terms), utility.num_initialisations, num_players)

    def draw(generators: Sequence[np.random.Generator]) -> Iterator[Sums]:
        for generator in generators:
            orders = together(generator.permutation(num_players), design)
            parts = [_weighted_marginals(utility, order, weights) for order in orders]
            yield {"marginals": np.mean(parts, axis=0)}

    samples = len(together(np.arange(num_players), design))
    return Sampler(design, samples, 1, {"marginals": shape}, draw, _mean_marginals)


def together(order: Int[np.ndarray, " p"], design: Design) -> list[Int[np.ndarray, " p"]]:
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
) -> Float[np.ndarray, "t i p"]:
    by_position = np.diff(utility.prefixes(order), axis=-1) * weights
    marginals = np.empty_like(by_position)
    marginals[..., order] = by_position
    return marginals


def _mean_marginals(
    sums: Sums, counts: Int[np.ndarray, " g"]
) -> tuple[Float[np.ndarray, "t i p"], Float[np.ndarray, "g t i p"]]:
    total = sums["marginals"][: len(counts)]
    return total.sum(axis=0) / counts.sum(), total / counts[:, None, None, None]
