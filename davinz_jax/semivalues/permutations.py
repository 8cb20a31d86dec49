r"""Sampling semivalues by permutations: one utility pass gives a marginal to every player.

In a uniform permutation, the players before j are a uniform coalition of a uniform size. So
E[w m] over permutations, with m = u(S ∪ j) − u(S), s the position of j and w = p P(s), is the
semivalue with size probabilities P; for Shapley all weights w are 1. Where they are not, values
are means by weight, Σ w m / Σ w over the positions that a player met: how much weight a player
happens to meet does not matter then, and E[w] = 1.

Designs differ in which permutations are drawn together:

- `permutation`: one (Castro et al. 2009);
- `antithetic`: one and its reverse, so that early and late marginals come in pairs (Mitchell et
  al. 2022); cancels whatever is linear in a player's position;
- `stratified`: one, its rotations by multiples of p/4, and the reverse of each, so that each
  player is twice in each quarter of positions, at mirrored places (Castro et al. 2017 stratify by
  position; rotating keeps one utility pass for all players).

Each permutation drawn is uniform by itself, so that sums are unbiased in all designs, and means by
weight but for a part that falls with the number of permutations (Hájek's ratio).
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from davinz_jax.semivalues.evidence import POWERS, evidence_of, power_sums
from davinz_jax.semivalues.exact import exact_semivalue
from davinz_jax.semivalues.row_tallies import PermutationTally
from davinz_jax.semivalues.sampling import (
    Estimate,
    Sampler,
    SamplingRun,
    Sums,
    num_resamples,
    sample_semivalue,
)
from davinz_jax.semivalues.valuation import Valuation
from davinz_jax.types import Utility
from davinz_jax.utility.resampling import with_resamples

BUDGET = 1000
"""Permutations drawn where no number is given."""

STRATA = 4
"""Rotations in a stratified unit, each with its reverse."""

DESIGNS = {"stratified": 2 * STRATA, "antithetic": 2, "permutation": 1}
"""Permutations drawn together in each design, that of `auto` first."""


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
    estimator = run.sampling.estimator(len(utility.players), DESIGNS, BUDGET)
    if estimator == "exact":
        return exact_semivalue(
            utility, size_weights, semivalue, settings=settings, progress=run.progress,
            per_validation_row=run.per_validation_row,
        )  # fmt: skip
    sampler = permutation_sampler(
        utility, size_weights, estimator, run if run.per_validation_row else None
    )
    return sample_semivalue(utility, sampler, semivalue, run, settings=settings)


def permutation_sampler(
    utility: Utility,
    size_weights: Float[np.ndarray, " p"],
    design: str,
    by_row: SamplingRun | None = None,
) -> Sampler:
    """Sampler of a semivalue by permutations.

    Args:
        utility: what is to be shared out.
        size_weights: probability of each size 0, …, p − 1 of the coalition that a player joins.
        design: one of `DESIGNS`: which permutations are drawn together.
        by_row: the call that keeps values to each validation row too, if it does.
    """
    weights = len(utility.players) * size_weights
    return _Permutations(utility, weights, design, by_row).sampler


def unit_of(order: Int[np.ndarray, " p"], design: str) -> list[Int[np.ndarray, " p"]]:
    """The permutations that a design takes together with a random one."""
    if design == "antithetic":
        return [order, order[::-1].copy()]
    if design == "stratified":
        num = min(STRATA, len(order))
        turned = [np.roll(order, part * len(order) // num) for part in range(num)]
        return turned + [each[::-1].copy() for each in turned]
    return [order]


class _Permutations:
    """What is drawn and estimated from one utility in one design."""

    def __init__(
        self,
        utility: Utility,
        weights: Float[np.ndarray, " p"],
        design: str,
        by_row: SamplingRun | None,
    ) -> None:
        self._utility, self._weights, self._design = utility, weights, design
        self._samples = len(unit_of(np.arange(len(weights)), design))
        self._together = 1 if design == "permutation" else 2  # an order and its reverse
        pairs = self._samples // self._together
        self._tally = by_row and PermutationTally(utility, weights, pairs, by_row.folder)

    @property
    def sampler(self) -> Sampler:
        num, terms = len(self._weights), len(self._utility.terms)
        shapes = {
            "marginals": (terms, self._utility.num_initialisations, num),
            "resampled": (terms, num_resamples(self._utility), num),
            "weights": (num,),
            "powers": (POWERS, num),
        }
        if self._tally is not None:
            shapes["squared_weights"] = (num,)
        return Sampler(
            self._design, self._samples, 1, BUDGET, shapes, self._draw, self._estimate,
            self._tally, self._prepare,
        )  # fmt: skip

    def _prepare(self) -> None:
        """Find what every unit is measured by."""
        _ = self._origin

    @cached_property
    def _origin(self) -> Float[np.ndarray, " p"]:
        """A number near each player's marginals: the last of them."""
        return self._total(self._utility.leave_one_out())

    def _total(self, contributions: Float[np.ndarray, "t c p"]) -> Float[np.ndarray, " p"]:
        draws = contributions[:, : self._utility.num_initialisations]
        return draws.sum(axis=0).mean(axis=0)

    def _draw(self, generators: Sequence[np.random.Generator]) -> Iterator[Sums]:
        for generator in generators:
            orders = unit_of(generator.permutation(len(self._weights)), self._design)
            num = len(orders) // self._together  # orders, then the reverse of each
            drawn = [self._weighed_marginals(orders[part::num]) for part in range(num)]
            sums = {name: np.sum([each[name] for each in drawn], axis=0) for name in drawn[0]}
            if self._tally is not None:
                self._tally.close_unit(sums["weights"])
                sums["squared_weights"] = np.square(sums["weights"])
            yield sums

    def _weighed_marginals(self, orders: Sequence[Int[np.ndarray, " p"]]) -> Sums:
        """What an order, or one and its reverse, add: Σ w m, Σ w, and powers of their mean."""
        positions = [np.argsort(order) for order in orders]
        weights = np.sum([self._weights[position] for position in positions], axis=0)
        parts = [self._weigh(*each) for each in zip(orders, positions, strict=True)]
        marginals = np.sum(parts, axis=0)
        means = self._total(marginals) / np.maximum(weights, np.finfo(float).tiny)
        powers = power_sums(means, weights / self._together, self._origin)
        draws, resampled = np.split(marginals, [self._utility.num_initialisations], axis=1)
        sums = {"marginals": draws, "resampled": resampled}
        return {**sums, "weights": weights, "powers": powers}

    def _weigh(
        self, order: Int[np.ndarray, " p"], position: Int[np.ndarray, " p"]
    ) -> Float[np.ndarray, "t c p"]:
        prefixes = (self._tally or self._utility).prefixes(order)
        by_position = np.diff(prefixes, axis=-1) * self._weights
        return by_position[..., position]

    def _estimate(self, sums: Sums, counts: Int[np.ndarray, " g"]) -> Estimate:
        counts = self._samples * counts
        value, replicates = _weighed_means(sums, counts)
        powers, weights = (sums[name].sum(axis=0) for name in ("powers", "weights"))
        evidence = evidence_of(
            powers,
            weights / self._together,
            self._total(value),
            self._origin,
            int(counts.sum()) // self._together,
        )
        return Estimate(value, replicates, evidence)


def _weighed_means(
    sums: Sums, counts: Int[np.ndarray, " g"]
) -> tuple[Float[np.ndarray, "t c p"], Float[np.ndarray, "g t i p"]]:
    """Means by weight Σ w m / Σ w, and replicates by their linearised change from group to group.

    Group g of c_g of all C permutations moves the value φ by Σ_g w (m − φ) / Σ w, which sums to 0
    over groups; times C/c_g it is the group's own.
    """
    marginals, weights = (sums[name][: len(counts)] for name in ("marginals", "weights"))
    total = weights.sum(axis=0)
    _check_weighed(total)
    value = marginals.sum(axis=0) / total
    deviations = (marginals - weights[:, None, None] * value) / total
    replicates = value + deviations / (counts / counts.sum())[:, None, None, None]
    resampled = sums["resampled"].sum(axis=0) / total
    return np.concatenate([value, resampled], axis=1), replicates


def _check_weighed(total: Float[np.ndarray, " p"]) -> None:
    if total.min() == 0:
        raise ValueError(
            "num_samples: wanted each player at a size that weighs something, got a player that "
            "never was; draw more, or choose a smaller alpha or beta"
        )
