"""What utilities that live on one kernel share, however it was made: checks, sums and answers."""

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int, Num

from davinz_jax.data.dataset import Parties
from davinz_jax.kernels import Kernel
from davinz_jax.kernels.rounding import round_anew, rounding_of
from davinz_jax.kernels.sketch import halves_of
from davinz_jax.linalg import (
    BlockSystem,
    Chunk,
    Reduction,
    Ridge,
    RidgeCurve,
    SolverName,
    block_system,
    check_finite,
    choose_solver,
    coalition_sums,
    elimination_sums,
    grand_sums,
    leave_one_out_sums,
    not_positive_definite,
    prefix_sums,
)
from davinz_jax.types import Utility
from davinz_jax.utility.base import AbstractUtility
from davinz_jax.utility.players import (
    all_coalitions,
    check_members,
    check_parties,
    check_permutation,
    row_weights,
)
from davinz_jax.utility.row_scores import Places

KEPT = 2**24
"""Float64 numbers of answers that utilities of several measures keep for each other."""


class AbstractKernelUtility(AbstractUtility):
    """A utility of one term, made of a sum over a coalition's whitened rows.

    A subclass may find several measures q of the same sums; its copies, one a measure, share what
    was found.

    Attributes:
        parties: the players.
        kernel: the kernel of all rows.
        weights: times each row counts.
        ridge_curve: what chose the ridge, if it was chosen.
        is_ensemble: whether the sums of all initialisations are finished together, as one.
        resampling: see `AbstractUtility`.
    """

    _remake: Callable[..., Any]
    _num_measures = 1
    _measure = 0

    def __init__(
        self,
        kernel: Kernel,
        parties: Parties,
        columns: Num[np.ndarray, "i n c"],
        reduction: Reduction,
        *,
        ridge: Ridge | RidgeCurve,
        multiplicity: Num[np.ndarray, " rows"] | None,
        solver: SolverName,
        is_ensemble: bool = False,
    ) -> None:
        check_parties(parties, kernel.residual.shape[1])
        _check_finite(kernel)
        self.ridge_curve = ridge if isinstance(ridge, RidgeCurve) else None
        ridge = ridge.ridge if isinstance(ridge, RidgeCurve) else ridge
        self.parties, self.kernel, self._ridge = parties, kernel, ridge
        self.weights = row_weights(multiplicity, kernel.residual.shape[1])
        self._reduction = reduction
        self._system = block_system(
            kernel.blocks,
            kernel.rows,
            columns,
            parties.indices,
            self.weights,
            ridge=ridge,
            solver=choose_solver(solver),
        )
        self.players, self.player_rows = parties.names, parties.rows
        self.player_sizes = np.rint(self._system.group_sizes).astype(np.int64)
        self.is_ensemble = is_ensemble
        self.num_initialisations = 1 if is_ensemble else len(kernel.blocks)
        self._answers: dict[Any, Float[np.ndarray, "q i c"]] = {}
        self._resampled_answers: dict[Any, Float[np.ndarray, "q i c"]] = {}
        self._grand_sums = grand_sums(self._system, reduction)
        if not np.isfinite(self._grand_sums).all():
            raise not_positive_definite(kernel.blocks, kernel.rows, ridge=np.min(ridge))

    @abstractmethod
    def _finish(
        self,
        draws: Sequence[int],
        sums: Sequence[Float[np.ndarray, " c *shape"]],
        sizes: Float[np.ndarray, " c"],
        coalitions: Places,
    ) -> Float[np.ndarray, "q r c"]:
        """Measures of coalitions from their sums in each of some initialisations, and their rows.

        One initialisation, or for an ensemble all of them. The first of r answers is the measure,
        the others are those under resamples of the validation set. `coalitions` are their places
        among all those asked for.
        """

    @property
    def is_rounded(self) -> bool:
        """Whether the numbers of its kernel are known to be off by a rounding."""
        return bool(rounding_of(self.kernel))

    def round_anew(self, draw: int, generator: np.random.Generator) -> "AbstractKernelUtility":
        """This utility on its kernel under another rounding, of one draw of the network alone.

        Of all draws, where they are scored as one.
        """
        draws = range(len(self.kernel.blocks)) if self.is_ensemble else [draw]
        ridge = np.asarray(self._ridge, np.float64)
        return self._made_of(
            round_anew(self.kernel, draws, generator),
            ridge[list(draws)] if ridge.ndim else ridge.item(),
        )

    def halves(self) -> tuple["AbstractKernelUtility", "AbstractKernelUtility"] | None:
        """This utility on either half of its kernel's sketch, at its ridge; None without one."""
        found = halves_of(self.kernel)
        if found is None:
            return None
        first, second = found
        return self._made_of(first, self._ridge), self._made_of(second, self._ridge)

    @property
    def ridge(self) -> float | list[float]:
        """λ, absolute; a list where initialisations have their own."""
        return np.asarray(self._ridge, np.float64).tolist()

    def coalitions(self, members: Bool[np.ndarray, "c p"]) -> Float[np.ndarray, "t i c"]:
        """Utilities of the coalitions whose members are marked."""
        check_members(members, len(self.players))
        distinct, place = self._distinct(members)
        values = self._answer(
            ("coalitions", distinct.tobytes()),
            lambda i: coalition_sums(self._systems[i], distinct, self._reduction),
            len(distinct),
        )
        return values[..., place]

    def grand(self) -> Float[np.ndarray, "t i"]:
        """Utility of all players together."""
        size = self._system.group_sizes.sum(keepdims=True)
        return self._answer(
            "grand", lambda i: iter([Chunk(0, slice(0, 1), self._grand_sums[[i]], size)]), 1
        )[..., 0]

    def _distinct(
        self, members: Bool[np.ndarray, "c p"]
    ) -> tuple[Bool[np.ndarray, "d p"], Int[np.ndarray, " c"]]:
        """Coalitions that are looked at, and the place of each one asked for among them."""
        distinct, place = np.unique(members, axis=0, return_inverse=True)
        return distinct, place.reshape(-1)

    def power_set(self) -> Float[np.ndarray, "t i s"]:
        """Utilities of all s = 2^p coalitions; bit j of the index marks player j."""
        members = all_coalitions(len(self.players))
        return self._answer(
            "power_set",
            lambda i: elimination_sums(self._systems[i], members, self._reduction),
            len(members),
        )

    def prefixes(self, permutation: Int[np.ndarray, " p"]) -> Float[np.ndarray, "t i q"]:
        """Utilities of the q = p + 1 prefixes of a permutation, the empty one first."""
        check_permutation(permutation, len(self.players))
        return self._answer(
            ("prefixes", permutation.tobytes()),
            lambda i: prefix_sums(self._systems[i], permutation, self._reduction),
            len(permutation) + 1,
        )

    def leave_one_out(self) -> Float[np.ndarray, "t i p"]:
        """Marginals u(N) - u(N without j) of every player j, in closed form; kept once found."""
        without = self._answer(
            "leave_one_out",
            lambda i: leave_one_out_sums(self._systems[i], self._reduction),
            len(self.players),
        )
        return self.grand()[..., None] - without

    def describe_kernel(self) -> dict[str, Any]:
        """Ridge, blocks, initialisations, and how the kernel was made."""
        return {
            "ridge": self.ridge,
            **({} if self.ridge_curve is None else {"ridge_curve": self.ridge_curve.describe()}),
            "num_blocks": self.kernel.blocks.shape[1],
            "num_initialisations": len(self.kernel.blocks),
            "is_ensemble": self.is_ensemble,
            **self.kernel.describe(),
            "has_multiplicity": bool((self.weights != 1).any()),
        }

    def _made_of(self, kernel: Kernel, ridge: Ridge) -> "AbstractKernelUtility":
        """This utility and measure on another kernel."""
        made = self._remake(kernel=kernel, ridge=ridge)
        made._measure = self._measure
        return made

    @cached_property
    def _systems(self) -> list[BlockSystem]:
        """The system of each initialisation by itself."""
        return [replace(self._system, stacks=[stacks]) for stacks in self._system.stacks]

    def _answer(
        self, key: Any, find: Callable[[int], Iterator[Chunk]], num_coalitions: int
    ) -> Float[np.ndarray, "1 i c"]:
        """This utility's measure of all coalitions, kept where it will be asked for again."""
        values = self._answers.get(key)
        if values is None:
            values = self._collect(find, num_coalitions)
            room = KEPT - sum(each.size for each in list(self._answers.values()))
            asked_again = self._num_measures > 1 or key in ("grand", "leave_one_out")
            if asked_again and values.size <= room:
                self._answers[key] = values
        return values[[self._measure]]

    def _collect(
        self, find: Callable[[int], Iterator[Chunk]], num_coalitions: int
    ) -> Float[np.ndarray, "q i c"]:
        """All measures, chunk by chunk; an ensemble's initialisations go hand in hand.

        Answers under resamples, if any, are means over initialisations, after those of each.
        """
        num = self.num_initialisations
        num_resamples = 0 if self.resampling is None else self.resampling.num
        values = np.zeros((self._num_measures, num + num_resamples, num_coalitions))
        everyone = range(len(self._systems))
        for at, draws in enumerate([everyone] if self.is_ensemble else [[i] for i in everyone]):
            parts = map(find, draws)
            for chunks in zip(*parts, strict=True):
                first = chunks[0]
                sums = [chunk.sums for chunk in chunks]
                found = self._finish(draws, sums, first.sizes, first.coalitions)
                values[:, at, first.coalitions] = found[:, 0]
                values[:, num:, first.coalitions] += found[:, 1:] / num
        return values


def sketch_halves(utility: Utility) -> tuple[Any, Any] | None:
    """A utility on either half of the sketch that it rests on; None where it rests on none."""
    make = getattr(utility, "halves", None)
    return None if make is None else make()


def divide(
    sums: Float[np.ndarray, " c *shape"], sizes: Float[np.ndarray, " c"]
) -> Float[np.ndarray, " c *shape"]:
    """Sums over sizes; 0 for nobody."""
    share = np.divide(1.0, sizes, out=np.zeros(len(sizes)), where=sizes > 0)
    return sums * share.reshape(-1, *(1 for _ in sums.shape[1:]))


def _check_finite(kernel: Kernel) -> None:
    arrays = {
        "kernel": kernel.blocks,
        "residual": kernel.residual,
        "validation_kernel": kernel.validation_kernel,
        "validation_outputs": kernel.validation_outputs,
    }
    for name, array in arrays.items():
        if array is not None:
            check_finite(name, array, "check the inputs and the outputs at initialisation")
