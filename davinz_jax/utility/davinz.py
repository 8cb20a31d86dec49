"""The score ν = −κ·complexity − discrepancy, and the calibration of κ."""

from typing import Literal, get_args

import jax
import numpy as np
from jaxtyping import Bool, Float, ScalarLike

from davinz_jax.choices import check_choice
from davinz_jax.types import PRNGKey, Utility
from davinz_jax.utility.base import AbstractUtility, WeightedSum, check_summands

KappaFamily = Literal["leave_one_out", "standalone", "random"]
"""Coalitions over which κ is calibrated."""


def davinz_score(
    complexity: AbstractUtility,
    discrepancy: AbstractUtility,
    *,
    kappa: ScalarLike | None = None,
    family: KappaFamily = "leave_one_out",
    num_samples: int = 100,
    key: PRNGKey | None = None,
) -> WeightedSum:
    r"""ν(S) = −κ sqrt(q(S)/n(S)) − MMD(S, T), its two parts apart.

    κ is fixed before any value is taken, so that values of different players, and of new ones,
    are on one scale. ν(∅) = −sqrt(τ)/m, see `DiscrepancyUtility`.

    Args:
        complexity: in-domain part.
        discrepancy: out-of-domain part, on the same parties; on raw inputs, or one set of features
            for each initialisation of the complexity.
        kappa: κ > 0 of an earlier result; None calibrates it, see `calibrate_kappa`.
        family: coalitions that it is calibrated on.
        num_samples: coalitions of the family `random`.
        key: draws them; needed for `random` alone.

    Raises:
        ValueError: κ not finite or ≤ 0; other players, sizes or initialisations in the two parts.

    References:
        Wu et al. 2022 (`wu2022davinz`).
    """
    source = family if kappa is None else "given"
    if kappa is None:
        kappa = calibrate_kappa(
            complexity, discrepancy, family=family, num_samples=num_samples, key=key
        )
    kappa = _check_kappa(kappa, "calibrate it with calibrate_kappa")
    score = -kappa * complexity - discrepancy
    return score.with_description(kind="davinz", kappa=kappa, kappa_source=source)


def calibrate_kappa(
    complexity: AbstractUtility,
    discrepancy: AbstractUtility,
    *,
    family: KappaFamily = "leave_one_out",
    num_samples: int = 100,
    key: PRNGKey | None = None,
) -> float:
    """κ = mean(MMD) / mean(complexity) over a family of coalitions, averaged over initialisations.

    Args:
        complexity: in-domain part.
        discrepancy: out-of-domain part on the same players.
        family: `leave_one_out`: all players, and all but each one; `standalone`: each player alone;
            `random`: each player a member by a fair coin; an empty draw becomes a single player.
        num_samples: coalitions of the family `random`.
        key: draws them; needed for `random` alone.

    References:
        Wu et al. 2022 (`wu2022davinz`), Eqn (4).
    """
    check_summands([complexity, discrepancy])
    costs, distances = (
        family_costs(part, family, num_samples, key) for part in (complexity, discrepancy)
    )
    mean_costs, mean_distances = costs.mean(-1), distances.mean(-1)
    if not (mean_costs > 0).all():
        raise ValueError(
            "complexity: wanted a positive mean to calibrate kappa, got 0 (all residuals are 0); "
            "give kappa"
        )
    kappa = (mean_distances / mean_costs).mean()
    return _check_kappa(kappa, "data equal to the validation set? give kappa")


def family_costs(
    part: Utility, family: KappaFamily, num_samples: int, key: PRNGKey | None
) -> Float[np.ndarray, "i c"]:
    """Costs of the family's coalitions."""
    check_choice("family", family, get_args(KappaFamily))
    if family == "leave_one_out":
        grand = part.grand()[0][:, None]
        return np.concatenate([grand, grand - part.leave_one_out()[0]], axis=1)
    num_players = len(part.players)
    if family == "standalone":
        return part.coalitions(np.eye(num_players, dtype=bool))[0]
    return part.coalitions(_random_members(num_players, num_samples, key))[0]


def _random_members(
    num_players: int, num_samples: int, key: PRNGKey | None
) -> Bool[np.ndarray, "c p"]:
    if key is None:
        raise ValueError("key: wanted a key for random coalitions, got none; pass jax.random.key")
    if num_samples < 1:
        raise ValueError(f"num_samples: wanted at least 1, got {num_samples}; 100 will do")
    flips = jax.random.bernoulli(key, shape=(num_samples, num_players))
    members = np.array(flips)
    empty = np.flatnonzero(~members.any(1))
    members[empty, empty % num_players] = True
    return members


def _check_kappa(kappa: ScalarLike, remedy: str) -> float:
    number = float(np.asarray(kappa))
    if not (np.isfinite(number) and number > 0):
        raise ValueError(f"kappa: wanted a finite number > 0, got {number}; {remedy}")
    return number
