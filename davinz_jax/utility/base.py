r"""What all utilities share: answers made of coalitions, and arithmetic.

A subclass gives its players and `coalitions`; every other answer has a default made of it, which a
fast path overrides. Utilities add up, u + v, and scale, 2 * u, to a `WeightedSum` whose terms are
those of its summands: the score ν is `-kappa * complexity - discrepancy`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, final

import numpy as np
from jaxtyping import Bool, Float, Int, ScalarLike

from davinz_jax.types import Utility
from davinz_jax.utility.players import all_coalitions, check_permutation
from davinz_jax.utility.resampling import Resampling, resampling_of, with_resamples


class AbstractUtility(ABC):
    """A real function on coalitions; see `Utility` for the shapes of its answers.

    Attributes:
        players: names of the p players.
        player_sizes: rows that each player holds, each as often as it counts.
        terms: names of the t additive terms.
        num_initialisations: draws of the network over which the utility is repeated.
        player_rows: row number of each player, where all are single rows.
        resampling: what further answers, under resamples of the validation set, follow those of
            the initialisations; None where there are none.
        exposure: share of the validation rows that each player is judged on, by which values are
            divided; None where it is all of them.
    """

    players: tuple[str, ...]
    player_sizes: Int[np.ndarray, " p"]
    terms: tuple[str, ...]
    num_initialisations: int
    player_rows: Int[np.ndarray, " p"] | None = None
    resampling: Resampling | None = None
    exposure: Float[np.ndarray, " p"] | None = None
    __array_ufunc__ = None  # a NumPy number times a utility is a utility too

    @abstractmethod
    def coalitions(self, members: Bool[np.ndarray, "c p"]) -> Float[np.ndarray, "t i c"]:
        """Utilities of the coalitions whose members are marked."""

    def grand(self) -> Float[np.ndarray, "t i"]:
        """Utility of all players together."""
        return self.coalitions(np.ones((1, len(self.players)), bool))[..., 0]

    def power_set(self) -> Float[np.ndarray, "t i s"]:
        """Utilities of all s = 2^p coalitions; bit j of the index marks player j."""
        return self.coalitions(all_coalitions(len(self.players)))

    def prefixes(self, permutation: Int[np.ndarray, " p"]) -> Float[np.ndarray, "t i q"]:
        """Utilities of the q = p + 1 prefixes of a permutation, the empty one first."""
        check_permutation(permutation, len(self.players))
        position = np.argsort(permutation)
        return self.coalitions(position < np.arange(len(permutation) + 1)[:, None])

    def leave_one_out(self) -> Float[np.ndarray, "t i p"]:
        """Marginals u(N) - u(N without j) of every player j."""
        without = self.coalitions(~np.eye(len(self.players), dtype=bool))
        return self.grand()[..., None] - without

    def with_resamples(self) -> Utility:
        """This utility with answers under resamples of the validation set, where it knows any."""
        return self

    def describe(self) -> dict[str, Any]:
        """What defines this utility, as JSON would hold it."""
        return {"kind": type(self).__name__, "terms": list(self.terms)}

    def __mul__(self, weight: ScalarLike) -> "WeightedSum":
        return WeightedSum([(weight, self)])

    __rmul__ = __mul__

    def __neg__(self) -> "WeightedSum":
        return -1 * self

    def __add__(self, other: Utility) -> "WeightedSum":
        return WeightedSum([(1, self), (1, other)])

    def __sub__(self, other: Utility) -> "WeightedSum":
        return WeightedSum([(1, self), (-1, other)])


@final
class WeightedSum(AbstractUtility):
    r"""u(S) = Σ_s w_s u_s(S) of several utilities of the same players, their terms kept apart.

    A term is its summand's, times the weight; a name that occurs twice is numbered. Summands of one
    initialisation are the same in all.

    Args:
        summands: weights and utilities; sums that have no description of their own are taken apart.
        description: what `describe` says beside weights and summands, and in place of its kind.

    Raises:
        ValueError: for a weight that is not finite, or summands of other players, sizes or
            initialisations.

    >>> from davinz_jax.utility.function import FunctionUtility
    >>> size = FunctionUtility(len, ["a", "b"], term="size")
    >>> (2 * size - size).power_set().sum(0).tolist()
    [[0.0, 1.0, 1.0, 2.0]]
    """

    def __init__(
        self,
        summands: Sequence[tuple[ScalarLike, Utility]],
        *,
        description: Mapping[str, Any] | None = None,
    ) -> None:
        self.summands = tuple(_flatten(summands))
        self._description = dict(description or {})
        utilities = [utility for _, utility in self.summands]
        check_summands(utilities)
        self.players = utilities[0].players
        self.player_sizes = utilities[0].player_sizes
        self.player_rows = getattr(utilities[0], "player_rows", None)
        self.exposure = getattr(utilities[0], "exposure", None)
        self.terms = number_repeated([term for each in utilities for term in each.terms])
        self.num_initialisations = max(each.num_initialisations for each in utilities)
        self.resampling = _join([(w, resampling_of(each)) for w, each in self.summands])

    def coalitions(self, members: Bool[np.ndarray, "c p"]) -> Float[np.ndarray, "t i c"]:
        """Utilities of the coalitions whose members are marked."""
        return self._weigh(lambda utility: utility.coalitions(members))

    def grand(self) -> Float[np.ndarray, "t i"]:
        """Utility of all players together."""
        return self._weigh(lambda utility: utility.grand())

    def power_set(self) -> Float[np.ndarray, "t i s"]:
        """Utilities of all s = 2^p coalitions; bit j of the index marks player j."""
        return self._weigh(lambda utility: utility.power_set())

    def prefixes(self, permutation: Int[np.ndarray, " p"]) -> Float[np.ndarray, "t i q"]:
        """Utilities of the q = p + 1 prefixes of a permutation, the empty one first."""
        return self._weigh(lambda utility: utility.prefixes(permutation))

    def leave_one_out(self) -> Float[np.ndarray, "t i p"]:
        """Marginals u(N) - u(N without j) of every player j."""
        return self._weigh(lambda utility: utility.leave_one_out())

    def describe(self) -> dict[str, Any]:
        """Kind, the weight of each summand, and their descriptions, by their kinds."""
        parts = [utility.describe() for _, utility in self.summands]
        names = number_repeated([part["kind"] for part in parts])
        weights = [weight for weight, _ in self.summands]
        return {
            "kind": "weighted_sum",
            **self._description,
            "weights": dict(zip(names, weights, strict=True)),
            **dict(zip(names, parts, strict=True)),
        }

    def with_resamples(self) -> "WeightedSum":
        """The same sum of summands with resamples; those that know none are alike in all."""
        summands = [(weight, with_resamples(each)) for weight, each in self.summands]
        return WeightedSum(summands, description=self._description)

    def with_description(self, **description: Any) -> "WeightedSum":
        """The same sum, with what is to be said of it."""
        return WeightedSum(self.summands, description=description)

    @property
    def has_description(self) -> bool:
        """Whether more is said of it than its summands."""
        return bool(self._description)

    def _weigh(
        self, answer: Callable[[Utility], Float[np.ndarray, "_ _ ..."]]
    ) -> Float[np.ndarray, "t i ..."]:
        """The summands' answers (t_s, i or 1, ...) to those of the sum."""
        parts = [
            weight * self._align(utility, answer(utility)) for weight, utility in self.summands
        ]
        return np.concatenate(parts)

    def _align(
        self, utility: Utility, part: Float[np.ndarray, "s _ ..."]
    ) -> Float[np.ndarray, "s i ..."]:
        """A summand's answers for all initialisations, and for all resamples if there are any."""
        own = utility.num_initialisations
        shape = (len(part), self.num_initialisations, *part.shape[2:])
        draws, resampled = np.broadcast_to(part[:, :own], shape), part[:, own:]
        if self.resampling is None:
            return draws
        if not resampled.shape[1]:  # the same under every resample
            mean = draws.mean(1, keepdims=True)
            resampled = np.repeat(mean, self.resampling.num, axis=1)
        return np.concatenate([draws, resampled], axis=1)


def check_summands(utilities: Sequence[Utility]) -> None:
    """Raise ValueError unless all have the same players and sizes, and fitting initialisations."""
    first, most = utilities[0], max(each.num_initialisations for each in utilities)
    for each in utilities[1:]:
        if each.players != first.players or (each.player_sizes != first.player_sizes).any():
            raise ValueError(
                f"utilities: wanted the players and sizes of {_name(first)}, got others in "
                f"{_name(each)}; build both on the same parties"
            )
    for each in utilities:
        if each.num_initialisations not in (1, most):
            raise ValueError(
                f"utilities: wanted 1 or {most} initialisations, got {each.num_initialisations} in "
                f"{_name(each)}; build all on the same initialisations"
            )


def _join(parts: Sequence[tuple[float, Resampling | None]]) -> Resampling | None:
    """What the resamples of a weighted sum stand for."""
    known = [(weight, each) for weight, each in parts if each is not None]
    if not known:
        return None
    numbers = {each.num for _, each in known}
    if len(numbers) > 1:
        raise ValueError(
            f"utilities: wanted as many resamples of the validation set in each, got "
            f"{sorted(numbers)}; build all with one num_resamples"
        )
    return Resampling(
        numbers.pop(),
        min(each.degrees for _, each in known),
        max(each.inflation for _, each in known),
        sum(weight**2 * each.floor for weight, each in known),
    )


def number_repeated(names: Sequence[str]) -> tuple[str, ...]:
    """Names of which no two are alike.

    >>> number_repeated(["mmd", "loss", "mmd"])
    ('mmd', 'loss', 'mmd_2')
    """
    earlier = [names[:place].count(name) for place, name in enumerate(names)]
    return tuple(f"{name}_{n + 1}" if n else name for name, n in zip(names, earlier, strict=True))


def _flatten(
    summands: Sequence[tuple[ScalarLike, Utility]],
) -> Iterator[tuple[float, Utility]]:
    """Weights and utilities, those of sums without a description in place of the sums."""
    for weight, utility in summands:
        number = float(np.asarray(weight))
        if not np.isfinite(number):
            raise ValueError(f"weight: wanted a finite number, got {number}; choose another")
        if isinstance(utility, WeightedSum) and not utility.has_description:
            yield from ((number * each, part) for each, part in utility.summands)
        else:
            yield number, utility


def _name(utility: Utility) -> str:
    return " + ".join(utility.terms)
