"""How far two valuations of the same players agree."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float
from scipy.stats import kendalltau, rankdata


@dataclass(frozen=True, eq=False)
class Comparison:
    """Agreement of two valuations over the players that both name.

    Attributes:
        players: the p players in both, in the order of the first.
        first: their values in the first.
        second: their values in the second.
        spearman: rank correlation; NaN where one has all values equal.
        kendall: Kendall's τ-b; NaN where one has all values equal.
        only_first: players that the second does not name.
        only_second: players that the first does not name.
    """

    players: tuple[str, ...]
    first: Float[np.ndarray, " p"]
    second: Float[np.ndarray, " p"]
    spearman: float
    kendall: float
    only_first: tuple[str, ...]
    only_second: tuple[str, ...]

    @property
    def differences(self) -> Float[np.ndarray, " p"]:
        """Second minus first, for each player."""
        return self.second - self.first

    def to_frame(self) -> Any:
        """A pandas frame with columns player, first, second and difference."""
        import pandas as pd

        columns = {"player": self.players, "first": self.first, "second": self.second}
        return pd.DataFrame(columns | {"difference": self.differences})


def compare(
    first_players: tuple[str, ...],
    first: Float[np.ndarray, " a"],
    second_players: tuple[str, ...],
    second: Float[np.ndarray, " b"],
) -> Comparison:
    """Compare values by player name.

    Args:
        first_players: names in the first valuation.
        first: values in the first.
        second_players: names in the second valuation.
        second: values in the second.

    Raises:
        ValueError: if fewer than two players are in both.
    """
    place = {name: index for index, name in enumerate(second_players)}
    shared = tuple(name for name in first_players if name in place)
    if len(shared) < 2:
        raise ValueError(
            f"other: wanted at least 2 players in common, got {len(shared)}; "
            "compare valuations of the same players"
        )
    kept = np.array([name in place for name in first_players])
    ours, theirs = first[kept], second[[place[name] for name in shared]]
    spearman, kendall = rank_correlations(ours, theirs)
    only_first = tuple(name for name in first_players if name not in place)
    only_second = tuple(name for name in second_players if name not in set(shared))
    return Comparison(shared, ours, theirs, spearman, kendall, only_first, only_second)


def on_opposite_sides(
    first: Float[np.ndarray, " p"],
    first_limits: Float[np.ndarray, "p 2"],
    second: Float[np.ndarray, " p"],
    second_limits: Float[np.ndarray, "p 2"],
) -> Bool[np.ndarray, " p"]:
    """Whether one valuation holds a player above zero beyond doubt, and the other below.

    Args:
        first: values.
        first_limits: their intervals; NaN where no error was measured, and nothing is in doubt.
        second: values of the same players, in the same order.
        second_limits: their intervals.
    """
    return _sure_sign(first, first_limits) * _sure_sign(second, second_limits) < 0


def _sure_sign(
    values: Float[np.ndarray, " p"], limits: Float[np.ndarray, "p 2"]
) -> Float[np.ndarray, " p"]:
    """Sign of each value; 0 where its interval holds zero."""
    low, high = np.where(np.isnan(limits), values[:, None], limits).T
    return np.where(low > 0, 1.0, np.where(high < 0, -1.0, 0.0))


def rank_correlations(
    first: Float[np.ndarray, " p"], second: Float[np.ndarray, " p"]
) -> tuple[float, float]:
    """Spearman's ρ and Kendall's τ-b; NaN where all values of one are equal."""
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return float("nan"), float("nan")
    ranks = rankdata(first), rankdata(second)
    spearman = np.corrcoef(*ranks)[0, 1]  # Pearson's of the ranks, ties at their mean rank
    return float(spearman), float(np.asarray(kendalltau(first, second))[0])
