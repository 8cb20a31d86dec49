"""Games whose semivalues are known in closed form, as utilities to test against.

Every game is a `Game`: one function of coalitions for each term and initialisation. Its method
`semivalue` gives the true value of each player under any distribution of coalition sizes
(`size_weights`), so that every estimator has a right answer to be compared with.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.stats import hypergeom

from davinz_jax.utility import AbstractUtility

Worth = Callable[[np.ndarray], np.ndarray]
"""Coalitions (c, p), marked, to their worths (c,)."""

Semivalue = Callable[[np.ndarray], np.ndarray]
"""Probabilities of the coalition sizes (p,) to true values (p,)."""


@dataclass(frozen=True)
class Game(AbstractUtility):
    """A utility given by functions of coalitions.

    Attributes:
        players: names of the p players.
        terms: names of the t terms.
        worths: t tuples of i functions.
        truths: the functions that give their semivalues, alike nested.
        name: which game it is.
        player_sizes: rows that each player is said to hold.
    """

    players: tuple[str, ...]
    terms: tuple[str, ...]
    worths: tuple[tuple[Worth, ...], ...]
    truths: tuple[tuple[Semivalue | None, ...], ...]
    name: str
    player_sizes: Int[np.ndarray, " p"]

    @property
    def num_initialisations(self) -> int:
        """Functions of each term."""
        return len(self.worths[0])

    def coalitions(self, members: Bool[np.ndarray, "c p"]) -> Float[np.ndarray, "t i c"]:
        """Worth of each coalition."""
        return np.array([[w(members) for w in row] for row in self.worths], dtype=np.float64)

    def describe(self) -> dict[str, Any]:
        """Name of the game and its players."""
        return {"kind": "game", "name": self.name, "players": list(self.players)}

    def semivalue(self, size_weights: Float[np.ndarray, " p"]) -> Float[np.ndarray, "t i p"]:
        """True values under a distribution of coalition sizes.

        Raises:
            ValueError: if no closed form is known (a table).
        """
        if any(truth is None for row in self.truths for truth in row):
            raise ValueError(
                f"game: wanted one with known values, got {self.name!r}; take the exact semivalue"
            )
        return np.array([[truth(size_weights) for truth in row if truth] for row in self.truths])


def game(name: str, num_players: int, worth: Worth, truth: Semivalue | None = None) -> Game:
    """A game of one term, `worth`, and one initialisation, with players named a0, a1, ….

    Args:
        name: which game it is.
        num_players: p.
        worth: coalitions (c, p) to worths (c,).
        truth: closed form of its semivalues, if there is one.
    """
    players = tuple(f"a{j}" for j in range(num_players))
    sizes = np.ones(num_players, dtype=np.int64)
    return Game(players, ("worth",), ((worth,),), ((truth,),), name, sizes)


def additive(values: Float[np.ndarray, " p"]) -> Game:
    """Worth is the sum of the members' values; every semivalue returns these."""
    return game(
        "additive", len(values), lambda members: members @ values, lambda size_weights: values
    )


def unanimity(num_players: int, carrier: Sequence[int]) -> Game:
    """Worth 1 once all of `carrier` are in, else 0; all others are null players."""
    inside = np.isin(np.arange(num_players), carrier)
    others = len(carrier) - 1

    def truth(size_weights: np.ndarray) -> np.ndarray:
        chance = hypergeom.pmf(others, num_players - 1, others, np.arange(num_players))
        return np.where(inside, size_weights @ chance, 0.0)

    return game(
        f"unanimity of {sorted(carrier)}",
        num_players,
        lambda members: np.all(members[:, inside], axis=1).astype(np.float64),
        truth,
    )


def majority(num_players: int, quota: int | None = None) -> Game:
    """Symmetric voting: worth 1 with at least `quota` members, more than half by default."""
    needed = num_players // 2 + 1 if quota is None else quota
    return game(
        f"majority of {needed}",
        num_players,
        lambda members: (members.sum(axis=1) >= needed).astype(np.float64),
        lambda size_weights: np.full(num_players, size_weights[needed - 1]),
    )


def voting(votes: Int[np.ndarray, " p"], quota: int | None = None) -> Game:
    """Weighted voting: worth 1 with at least `quota` votes, more than half by default.

    A player is pivotal where the others fall short of the quota by at most its votes; coalitions
    are counted by their size and their votes.
    """
    needed = int(votes.sum()) // 2 + 1 if quota is None else quota

    def truth(size_weights: np.ndarray) -> np.ndarray:
        others = [np.delete(votes, j) for j in range(len(votes))]
        pairs = zip(others, votes.tolist(), strict=True)
        pivotal = np.array([_pivotal(rest, own, needed) for rest, own in pairs])
        return pivotal @ size_weights

    return game(
        f"voting {votes.tolist()}, {needed} needed",
        len(votes),
        lambda members: (members @ votes >= needed).astype(np.float64),
        truth,
    )


def _pivotal(others: np.ndarray, own: int, needed: int) -> Float[np.ndarray, " p"]:
    """Share of the coalitions of each size of others that reach the quota with one's own votes."""
    ways = np.zeros((len(others) + 1, int(others.sum()) + 1))
    ways[0, 0] = 1.0
    for vote in others:
        ways[1:, vote:] += ways[:-1, : ways.shape[1] - vote].copy()
    short = ways[:, max(needed - own, 0) : needed].sum(axis=1)
    return short / ways.sum(axis=1)


def airport(costs: Float[np.ndarray, " p"]) -> Game:
    """Worth is the cost of the longest runway that a member needs.

    It is a sum over steps of cost of the games "somebody needs this step", in which a player is
    pivotal when nobody before needs it; for Shapley, a step is shared by all who need it.

    References:
        Littlechild & Owen 1973.
    """
    num_players = len(costs)
    steps = np.diff(np.unique(costs), prepend=0.0)
    needs = costs[None, :] >= np.unique(costs)[:, None]

    def truth(size_weights: np.ndarray) -> np.ndarray:
        rivals = needs.sum(axis=1) - 1
        nobody = hypergeom.pmf(0, num_players - 1, rivals[:, None], np.arange(num_players))
        return (steps * (nobody @ size_weights)) @ needs

    return game(
        "airport",
        num_players,
        lambda members: np.max(np.where(members, costs, 0.0), axis=1),
        truth,
    )


def glove(num_left: int, num_right: int) -> Game:
    """Worth is the number of pairs among left gloves (first players) and right gloves."""
    num_players = num_left + num_right

    def pivotal(same: int, other: int, size_weights: np.ndarray) -> float:
        # Pairs grow if of those who came before, more hold the other glove than the same.
        before, held = np.meshgrid(np.arange(num_players), np.arange(other + 1), indexing="ij")
        chance = hypergeom.pmf(held, num_players - 1, other, before)
        return float(size_weights @ np.where(2 * held > before, chance, 0.0).sum(axis=1))

    def truth(size_weights: np.ndarray) -> np.ndarray:
        left = pivotal(num_left, num_right, size_weights)
        right = pivotal(num_right, num_left, size_weights)
        return np.repeat([left, right], [num_left, num_right])

    def worth(members: np.ndarray) -> np.ndarray:
        left = members[:, :num_left].sum(axis=1)
        return np.minimum(left, members[:, num_left:].sum(axis=1)).astype(np.float64)

    return game(f"glove {num_left}+{num_right}", num_players, worth, truth)


def table(worths: Float[np.ndarray, " s"]) -> Game:
    """A game given by the worths of all s = 2^p coalitions; bit j of the index marks player j.

    Raises:
        ValueError: if s is not a power of two.
    """
    num_players = len(worths).bit_length() - 1
    if len(worths) != 1 << num_players:
        raise ValueError(f"worths: wanted 2^p entries, got {len(worths)}; list every coalition")
    bits = 1 << np.arange(num_players)
    return game("table", num_players, lambda members: worths[members @ bits])


def combine(parts: Mapping[str, Sequence[Game]]) -> Game:
    """A game of several terms, each a sequence of games, one an initialisation.

    Args:
        parts: for each term its games of one term and one initialisation, over the same players.

    Raises:
        ValueError: if terms differ in length, or games in players.
    """
    rows = [list(row) for row in parts.values()]
    first = rows[0][0]
    if any(len(row) != len(rows[0]) for row in rows):
        raise ValueError("parts: wanted as many games for each term, got different numbers")
    if any(each.players != first.players for row in rows for each in row):
        raise ValueError("parts: wanted the same players in each game, got different ones")
    return replace(
        first,
        terms=tuple(parts),
        worths=tuple(tuple(each.worths[0][0] for each in row) for row in rows),
        truths=tuple(tuple(each.truths[0][0] for each in row) for row in rows),
        name="; ".join(f"{term}: {row[0].name}" for term, row in parts.items()),
    )
