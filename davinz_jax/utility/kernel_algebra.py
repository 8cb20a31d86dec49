"""What utilities that live on one tangent kernel share: checks, and the five kinds of answer."""

from abc import ABC, abstractmethod
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int, ScalarLike

from davinz_jax.data.dataset import Parties
from davinz_jax.linalg import (
    BlockSystem,
    Reduction,
    SolverName,
    block_system,
    choose_solver,
    coalition_values,
    elimination_values,
    grand_sums,
    leave_one_out_values,
    not_positive_definite,
    prefix_values,
)
from davinz_jax.ntk.tangent_kernel import TangentKernel
from davinz_jax.utility.players import (
    all_coalitions,
    check_members,
    check_parties,
    check_permutation,
    row_weights,
)


class AbstractKernelUtility(ABC):
    """A utility of one term, made of a sum over a coalition's whitened rows.

    Attributes:
        parties: the players.
        kernel: the tangent kernel of all rows.
        ridge: λ, absolute.
        weights: times each row counts.
    """

    def __init__(
        self,
        kernel: TangentKernel,
        parties: Parties,
        right: Float[np.ndarray, "i n c"],
        reduction: Reduction,
        *,
        ridge: ScalarLike,
        multiplicity: np.ndarray | None,
        solver: SolverName,
    ) -> None:
        check_parties(parties, kernel.residual.shape[1])
        self.parties, self.kernel, self.ridge = parties, kernel, float(np.asarray(ridge))
        self.weights = row_weights(multiplicity, kernel.residual.shape[1])
        self._reduction = reduction
        self._system = _system(kernel, parties, right, self.weights, self.ridge, solver)
        self._grand_sums = grand_sums(self._system, reduction)
        if not np.isfinite(self._grand_sums).all():
            raise not_positive_definite(kernel.blocks, kernel.rows, ridge=self.ridge)
        self._grand = self._finish_grand()

    @property
    @abstractmethod
    def terms(self) -> tuple[str, ...]:
        """Name of the one term."""

    @abstractmethod
    def _finish(
        self, initialisation: int, sums: np.ndarray, sizes: Float[np.ndarray, " c"]
    ) -> Float[np.ndarray, " c"]:
        """Utilities from weighted sums (c, ...) and weighted rows of coalitions."""

    @abstractmethod
    def describe(self) -> dict[str, Any]:
        """What defines this utility."""

    @property
    def players(self) -> tuple[str, ...]:
        """Names of the p players."""
        return self.parties.names

    @property
    def player_sizes(self) -> Int[np.ndarray, " p"]:
        """Rows that each player holds, each as often as it counts."""
        return np.rint(self._system.group_sizes).astype(np.int64)

    @property
    def player_rows(self) -> Int[np.ndarray, " p"] | None:
        """Row number of each player where all are single rows."""
        return self.parties.rows

    @property
    def num_initialisations(self) -> int:
        """Independent draws of the network."""
        return self.kernel.num_initialisations

    def grand(self) -> Float[np.ndarray, "t i"]:
        """Utility of all players together."""
        return self._grand[None]

    def coalitions(self, members: Bool[np.ndarray, "c p"]) -> Float[np.ndarray, "t i c"]:
        """Utilities of the coalitions whose members are marked."""
        check_members(members, len(self.players))
        distinct, place = np.unique(members, axis=0, return_inverse=True)
        values = coalition_values(self._system, distinct, self._reduction, self._finish)
        return values[None][..., place.reshape(-1)]

    def power_set(self) -> Float[np.ndarray, "t i s"]:
        """Utilities of all s = 2^p coalitions; bit j of the index marks player j."""
        members = all_coalitions(len(self.players))
        return elimination_values(self._system, members, self._reduction, self._finish)[None]

    def prefixes(self, permutation: Int[np.ndarray, " p"]) -> Float[np.ndarray, "t i q"]:
        """Utilities of the q = p + 1 prefixes of a permutation, the empty one first."""
        check_permutation(permutation, len(self.players))
        return prefix_values(self._system, permutation, self._reduction, self._finish)[None]

    def leave_one_out(self) -> Float[np.ndarray, "t i p"]:
        """Marginals u(N) - u(N without j) of every player j, in closed form; kept once found."""
        return self._leave_one_out.copy()

    @cached_property
    def _leave_one_out(self) -> Float[np.ndarray, "t i p"]:
        without = leave_one_out_values(self._system, self._reduction, self._finish)
        return (self._grand[:, None] - without)[None]

    def _finish_grand(self) -> Float[np.ndarray, " i"]:
        size = self._system.group_sizes.sum(keepdims=True)
        sums = self._grand_sums
        return np.array([self._finish(i, sums[[i]], size)[0] for i in range(len(sums))])

    def _describe_kernel(self) -> dict[str, Any]:
        kernel = self.kernel
        return {
            "ridge": self.ridge,
            "num_blocks": kernel.num_blocks,
            "num_initialisations": kernel.num_initialisations,
            "output": kernel.output,
            "engine": kernel.engine,
            "parameters": kernel.parameters,
            "has_multiplicity": bool((self.weights != 1).any()),
        }


def _system(
    kernel: TangentKernel, parties: Parties, right, weights, ridge: float, solver: SolverName
) -> BlockSystem:
    return block_system(
        kernel.blocks,
        kernel.rows,
        right,
        parties.indices,
        weights,
        ridge=ridge,
        solver=choose_solver(solver),
    )
