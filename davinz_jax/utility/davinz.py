"""The score ν = −κ·complexity − discrepancy, and the calibration of κ."""

from typing import Any, Literal

import jax
import numpy as np
from jaxtyping import Bool, Float, Int, ScalarLike

from davinz_jax.types import PRNGKey
from davinz_jax.utility.complexity import ComplexityUtility
from davinz_jax.utility.discrepancy import DiscrepancyUtility

KappaFamily = Literal["leave_one_out", "standalone", "random"]
"""Coalitions over which κ is calibrated."""


class DavinzUtility:
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

    def __init__(
        self,
        complexity: ComplexityUtility,
        discrepancy: DiscrepancyUtility,
        *,
        kappa: ScalarLike | None = None,
        family: KappaFamily = "leave_one_out",
        num_samples: int = 100,
        key: PRNGKey | None = None,
    ) -> None:
        _check_match(complexity, discrepancy)
        self.kappa_source = "given" if kappa is not None else family
        if kappa is None:
            kappa = calibrate_kappa(
                complexity, discrepancy, family=family, num_samples=num_samples, key=key
            )
        kappa = float(np.asarray(kappa))
        if not (np.isfinite(kappa) and kappa > 0):
            raise ValueError(
                f"kappa: wanted a finite number > 0, got {kappa}; calibrate it with calibrate_kappa"
            )
        self.complexity, self.discrepancy = complexity, discrepancy
        self.kappa = kappa

    @property
    def players(self) -> tuple[str, ...]:
        """Names of the p players."""
        return self.complexity.players

    @property
    def player_sizes(self) -> Int[np.ndarray, " p"]:
        """Rows that each player holds, each as often as it counts."""
        return self.complexity.player_sizes

    @property
    def player_rows(self) -> Int[np.ndarray, " p"] | None:
        """Row number of each player where all are single rows."""
        return self.complexity.player_rows

    @property
    def terms(self) -> tuple[str, ...]:
        """The in-domain and the out-of-domain part."""
        return ("complexity", "discrepancy")

    @property
    def num_initialisations(self) -> int:
        """Independent draws of the network."""
        return self.complexity.num_initialisations

    def grand(self) -> Float[np.ndarray, "t i"]:
        """Utility of all players together."""
        return self._join(self.complexity.grand(), self.discrepancy.grand())

    def coalitions(self, members: Bool[np.ndarray, "c p"]) -> Float[np.ndarray, "t i c"]:
        """Utilities of the coalitions whose members are marked."""
        return self._join(self.complexity.coalitions(members), self.discrepancy.coalitions(members))

    def power_set(self) -> Float[np.ndarray, "t i s"]:
        """Utilities of all s = 2^p coalitions; bit j of the index marks player j."""
        return self._join(self.complexity.power_set(), self.discrepancy.power_set())

    def prefixes(self, permutation: Int[np.ndarray, " p"]) -> Float[np.ndarray, "t i q"]:
        """Utilities of the q = p + 1 prefixes of a permutation, the empty one first."""
        return self._join(
            self.complexity.prefixes(permutation), self.discrepancy.prefixes(permutation)
        )

    def leave_one_out(self) -> Float[np.ndarray, "t i p"]:
        """Marginals u(N) - u(N without j) of every player j, in closed form."""
        return self._join(self.complexity.leave_one_out(), self.discrepancy.leave_one_out())

    def describe(self) -> dict[str, Any]:
        """Kind, κ and where it is from, and both parts."""
        return {
            "kind": "davinz",
            "kappa": self.kappa,
            "kappa_source": self.kappa_source,
            "complexity": self.complexity.describe(),
            "discrepancy": self.discrepancy.describe(),
        }

    def _join(self, complexity: np.ndarray, discrepancy: np.ndarray) -> np.ndarray:
        """(1, i, ...) and (1, i or 1, ...) -> (2, i, ...)."""
        return np.concatenate(
            [self.kappa * complexity, np.broadcast_to(discrepancy, complexity.shape)]
        )


def calibrate_kappa(
    complexity: ComplexityUtility,
    discrepancy: DiscrepancyUtility,
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
    _check_match(complexity, discrepancy)
    costs, distances = _family_costs(complexity, discrepancy, family, num_samples, key)
    mean_costs, mean_distances = costs.mean(-1), distances.mean(-1)
    if not (mean_costs > 0).all():
        raise ValueError(
            "complexity: wanted a positive mean to calibrate kappa, got 0 (all residuals are 0); "
            "give kappa"
        )
    kappa = float((mean_distances / mean_costs).mean())
    if not (np.isfinite(kappa) and kappa > 0):
        raise ValueError(
            f"kappa: wanted a finite number > 0, got {kappa} (data equal to the validation set?); "
            "give kappa"
        )
    return kappa


def _family_costs(complexity, discrepancy, family: KappaFamily, num_samples: int, key):
    """Complexities and MMDs (i, c), positive, of the family's coalitions."""
    if family == "leave_one_out":
        return tuple(-_with_leave_one_out(part) for part in (complexity, discrepancy))
    num_players = len(complexity.players)
    if family == "standalone":
        members = np.eye(num_players, dtype=bool)
    elif family == "random":
        members = _random_members(num_players, num_samples, key)
    else:
        raise ValueError(
            f"family: wanted leave_one_out, standalone or random, got {family}; choose one of them"
        )
    return tuple(-part.coalitions(members)[0] for part in (complexity, discrepancy))


def _with_leave_one_out(part: ComplexityUtility | DiscrepancyUtility) -> np.ndarray:
    grand = part.grand()[0][:, None]
    return np.concatenate([grand, grand - part.leave_one_out()[0]], axis=1)


def _random_members(num_players: int, num_samples: int, key: PRNGKey | None) -> np.ndarray:
    if key is None:
        raise ValueError("key: wanted a key for random coalitions, got none; pass jax.random.key")
    if num_samples < 1:
        raise ValueError(f"num_samples: wanted at least 1, got {num_samples}; 100 will do")
    flips = jax.random.bernoulli(key, shape=(num_samples, num_players))
    members = np.array(flips)
    empty = np.flatnonzero(~members.any(1))
    members[empty, empty % num_players] = True
    return members


def _check_match(complexity: ComplexityUtility, discrepancy: DiscrepancyUtility) -> None:
    if (
        complexity.players != discrepancy.players
        or (complexity.player_sizes != discrepancy.player_sizes).any()
    ):
        raise ValueError(
            "discrepancy: wanted the players and sizes of the complexity part, got others; "
            "build both on the same parties"
        )
    if discrepancy.num_initialisations not in (1, complexity.num_initialisations):
        raise ValueError(
            f"discrepancy: wanted 1 or {complexity.num_initialisations} initialisations, got "
            f"{discrepancy.num_initialisations}; compute features for each initialisation"
        )
