"""A new party scored against a result that is kept as it is.

κ, bandwidth and ridge are frozen: the caller builds a utility with them over the old players' data
and the new party's. Three coalitions then say what the new party adds, without valuing the rest.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from davinz_jax.semivalues.archive import plain
from davinz_jax.semivalues.checkpoint import differences
from davinz_jax.semivalues.valuation import Valuation
from davinz_jax.types import Utility

FROZEN = (
    "kind",
    "kappa",
    "ridge",
    "bandwidth",
    "inputs",
    "num_validation_rows",
    "num_initialisations",
    "output",
    "parameters",
    "metric",
    "weights",
)
"""Entries of a utility's description that must not change for scores to be comparable."""

HOW_FOUND = ("ridge_curve",)
"""Entries that tell how a number was found which is given now."""


@dataclass(frozen=True, eq=False)
class NewParty:
    """What a new party is worth to those who are there.

    Attributes:
        player: its name.
        terms: names of the t terms.
        marginal: u(N ∪ new) − u(N), in terms, per initialisation; unit of the utility.
        standalone: u({new}), likewise.
    """

    player: str
    terms: tuple[str, ...]
    marginal: Float[np.ndarray, "t i"]
    standalone: Float[np.ndarray, "t i"]

    @property
    def value(self) -> float:
        """Marginal, summed over terms and averaged over initialisations: as leave-one-out."""
        return float(self.marginal.sum(axis=0).mean())

    @property
    def value_alone(self) -> float:
        """Standalone value, summed over terms and averaged over initialisations."""
        return float(self.standalone.sum(axis=0).mean())

    @property
    def stderr(self) -> float:
        """Standard error of `value` over initialisations; NaN if there is only one."""
        totals = self.marginal.sum(axis=0)
        if len(totals) == 1:
            return float("nan")
        return float(totals.std(ddof=1) / np.sqrt(len(totals)))

    def rank_among(self, valuation: Valuation) -> int:
        """Rank that `value` would take among a leave-one-out result's values, 1 the highest."""
        return 1 + int((valuation.values > self.value).sum())


def score_new_party(utility: Utility, player: str, *, against: Valuation | None = None) -> NewParty:
    """Score one player as if it came last, without valuing the others.

    Args:
        utility: over the old players and the new one, with κ, bandwidth and ridge as they were.
        player: name of the new one.
        against: the result that the score is to be compared with; its players and settings are
            checked.

    Returns:
        Marginal and standalone value.

    Raises:
        ValueError: if the utility has no such player or one more besides those of `against`, or
            if its κ, ridge, bandwidth or kind are not those of `against`.
    """
    names = tuple(utility.players)
    if player not in names:
        raise ValueError(
            f"player: wanted one of the utility's {len(names)} players, got {player!r}; build the "
            "utility over the old rows and the new ones"
        )
    if against is not None:
        _check_players(names, player, against)
        check_frozen(utility.describe(), against)
    new = np.array([name == player for name in names])
    worths = utility.coalitions(np.stack([np.ones_like(new), ~new, new]))
    marginal = worths[..., 0] - worths[..., 1]
    return NewParty(player, tuple(utility.terms), marginal, worths[..., 2])


def check_frozen(description: Mapping[str, Any], against: Valuation) -> None:
    """Refuse a utility whose settings are not those of a saved result.

    Args:
        description: of the utility in hand.
        against: the saved result.

    Raises:
        ValueError: naming the settings that differ.
    """
    saved = against.description.get("utility", {})
    differing = list(differences(_frozen(saved), _frozen(plain(description))))
    if differing:
        raise ValueError(
            f"utility: wanted the settings of the saved result, got others "
            f"({'; '.join(differing)}); build it with the saved kappa, ridge and bandwidth"
        )


def _frozen(description: Mapping[str, Any]) -> dict[str, Any]:
    nested = {
        name: each
        for name, each in description.items()
        if isinstance(each, Mapping) and name not in HOW_FOUND
    }
    kept = {name: each for name, each in description.items() if name in FROZEN}
    return {name: _frozen(each) for name, each in nested.items()} | kept


def _check_players(names: tuple[str, ...], player: str, against: Valuation) -> None:
    others = set(names) - {player}
    if others != set(against.players):
        odd = sorted(others ^ set(against.players))
        raise ValueError(
            f"against: wanted the utility's other players, got {len(odd)} more or less "
            f"({', '.join(odd[:3])}); build the utility over the same old players"
        )
