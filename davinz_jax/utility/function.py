"""Any function of a coalition as a utility, each coalition evaluated once."""

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
from jaxtyping import Bool, Float, Int, ScalarLike

from davinz_jax.utility.players import all_coalitions, check_members, check_permutation


class FunctionUtility:
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
        self._sizes = np.ones(len(players), np.int64) if sizes is None else np.array(sizes)
        _check(players, self._sizes, receives)
        self._function, self._players, self._receives = function, tuple(players), receives
        self._term, self._num_initialisations = term, num_initialisations
        self._known: dict[bytes, np.ndarray] = {}
        if empty is not None:
            nobody = np.zeros(len(players), bool)
            self._known[nobody.tobytes()] = self._checked(empty, ())

    @property
    def players(self) -> tuple[str, ...]:
        """Names of the p players."""
        return self._players

    @property
    def player_sizes(self) -> Int[np.ndarray, " p"]:
        """Rows that each player holds."""
        return self._sizes

    @property
    def terms(self) -> tuple[str, ...]:
        """The one term."""
        return (self._term,)

    @property
    def num_initialisations(self) -> int:
        """Numbers that the function returns."""
        return self._num_initialisations

    @property
    def num_evaluations(self) -> int:
        """Coalitions evaluated so far."""
        return len(self._known)

    def grand(self) -> Float[np.ndarray, "t i"]:
        """Utility of all players together."""
        return self.coalitions(np.ones((1, len(self._players)), bool))[..., 0]

    def coalitions(self, members: Bool[np.ndarray, "c p"]) -> Float[np.ndarray, "t i c"]:
        """Utilities of the coalitions whose members are marked."""
        check_members(members, len(self._players))
        values = [self._value(mask) for mask in members]
        return np.array(values).reshape(len(members), self._num_initialisations).T[None]

    def power_set(self) -> Float[np.ndarray, "t i s"]:
        """Utilities of all s = 2^p coalitions; bit j of the index marks player j."""
        return self.coalitions(all_coalitions(len(self._players)))

    def prefixes(self, permutation: Int[np.ndarray, " p"]) -> Float[np.ndarray, "t i q"]:
        """Utilities of the q = p + 1 prefixes of a permutation, the empty one first."""
        check_permutation(permutation, len(self._players))
        position = np.argsort(permutation)
        return self.coalitions(position < np.arange(len(permutation) + 1)[:, None])

    def leave_one_out(self) -> Float[np.ndarray, "t i p"]:
        """Marginals u(N) - u(N without j) of every player j."""
        without = self.coalitions(~np.eye(len(self._players), dtype=bool))
        return self.grand()[..., None] - without

    def describe(self) -> dict[str, Any]:
        """Kind and the function's name."""
        name = getattr(self._function, "__qualname__", type(self._function).__qualname__)
        return {"kind": "function", "function": name, "receives": self._receives}

    def _value(self, mask: np.ndarray) -> np.ndarray:
        code = mask.tobytes()
        if code not in self._known:
            indices = tuple(np.flatnonzero(mask).tolist())
            names = tuple(self._players[j] for j in indices)
            members = names if self._receives == "names" else indices
            self._known[code] = self._checked(self._function(members), members)
        return self._known[code]

    def _checked(self, value: Any, members: tuple[Any, ...]) -> np.ndarray:
        array = np.atleast_1d(np.asarray(value, np.float64))
        if array.shape != (self._num_initialisations,) or not np.isfinite(array).all():
            raise ValueError(
                f"function: wanted {self._num_initialisations} finite number(s) for the coalition "
                f"{members}, got {value}; return one for each initialisation"
            )
        return array


def _check(players: Sequence[str], sizes: np.ndarray, receives: str) -> None:
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
