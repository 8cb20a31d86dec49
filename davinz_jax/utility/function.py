"""Any function of a coalition as a utility, each coalition evaluated once."""

from collections.abc import Callable, Sequence
from typing import Any, Literal, final

import numpy as np
from jaxtyping import Bool, Float, Int, ScalarLike

from davinz_jax.utility.base import AbstractUtility
from davinz_jax.utility.players import check_members


@final
class FunctionUtility(AbstractUtility):
    """u(S) = function(members of S), remembered, so that a costly function runs once a coalition.

    Args:
        function: from a tuple of members to a finite number, or to one for each initialisation.
        players: names.
        receives: whether the function gets member names or their indices, in players' order.
        empty: u(∅), so that the function is not called on no member; by default it is.
        sizes: rows that each player holds; 1 by default.
        term: name of the one term.
        num_initialisations: numbers that the function returns.

    Raises:
        ValueError: fewer than two players, repeated names, sizes that do not match; later, where
            the function returns numbers that are not finite or of another count.

    >>> game = FunctionUtility(len, ["a", "b"])
    >>> game.power_set().tolist()
    [[[0.0, 1.0, 1.0, 2.0]]]
    """

    def __init__(
        self,
        function: Callable[[Any], Any],
        players: Sequence[str],
        *,
        receives: Literal["names", "indices"] = "names",
        empty: ScalarLike | None = None,
        sizes: Sequence[int] | None = None,
        term: str = "utility",
        num_initialisations: int = 1,
    ) -> None:
        rows = np.ones(len(players), np.int64) if sizes is None else np.array(sizes)
        _check_players(players, rows, receives)
        self.players, self.player_sizes, self.terms = tuple(players), rows, (term,)
        self.num_initialisations = num_initialisations
        self._function, self._receives = function, receives
        self._known: dict[bytes, Float[np.ndarray, " i"]] = {}
        if empty is not None:
            nobody = np.zeros(len(players), bool)
            self._known[nobody.tobytes()] = self._check(empty, ())

    @property
    def num_evaluations(self) -> int:
        """Coalitions evaluated so far."""
        return len(self._known)

    def coalitions(self, members: Bool[np.ndarray, "c p"]) -> Float[np.ndarray, "t i c"]:
        """Utilities of the coalitions whose members are marked."""
        check_members(members, len(self.players))
        values = [self._value(mask) for mask in members]
        return np.array(values).reshape(len(members), self.num_initialisations).T[None]

    def describe(self) -> dict[str, Any]:
        """Kind and the function's name."""
        name = getattr(self._function, "__qualname__", type(self._function).__qualname__)
        return {"kind": "function", "function": name, "receives": self._receives}

    def _value(self, mask: Bool[np.ndarray, " p"]) -> Float[np.ndarray, " i"]:
        code = mask.tobytes()
        if code not in self._known:
            indices = tuple(np.flatnonzero(mask).tolist())
            names = tuple(self.players[j] for j in indices)
            members = names if self._receives == "names" else indices
            self._known[code] = self._check(self._function(members), members)
        return self._known[code]

    def _check(self, value: Any, members: tuple[Any, ...]) -> Float[np.ndarray, " i"]:
        array = np.atleast_1d(np.asarray(value, np.float64))
        if array.shape != (self.num_initialisations,) or not np.isfinite(array).all():
            raise ValueError(
                f"function: wanted {self.num_initialisations} finite number(s) for the coalition "
                f"{members}, got {value}; return one for each initialisation"
            )
        return array


def _check_players(players: Sequence[str], sizes: Int[np.ndarray, " p"], receives: str) -> None:
    if len(players) < 2 or len(set(players)) < len(players):
        raise ValueError(
            f"players: wanted two or more different names, got {list(players)}; name each player"
        )
    if sizes.shape != (len(players),):
        raise ValueError(
            f"sizes: wanted one for each of {len(players)} players, got shape {sizes.shape}; "
            "leave it out for players of one row"
        )
    if receives not in ("names", "indices"):
        raise ValueError(f"receives: wanted names or indices, got {receives}; choose one of them")
