"""What utilities that live on one kernel share, however it was made: checks, sums and answers."""

from abc import abstractmethod
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int, Num

from davinz_jax.data.dataset import Parties
from davinz_jax.kernels import Kernel
from davinz_jax.linalg import (
    Chunk,
    Reduction,
    Ridge,
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
from davinz_jax.utility.base import AbstractUtility
from davinz_jax.utility.players import (
    all_coalitions,
    check_members,
    check_parties,
    check_permutation,
    row_weights,
)


class AbstractKernelUtility(AbstractUtility):
    """A utility of one term, made of a sum over a coalition's whitened rows.

    Attributes:
        parties: the players.
        kernel: the kernel of all rows.
        weights: times each row counts.
    """

    def __init__(
        self,
        kernel: Kernel,
        parties: Parties,
        columns: Num[np.ndarray, "i n c"],
        reduction: Reduction,
        *,
        ridge: Ridge,
        multiplicity: Num[np.ndarray, " rows"] | None,
        solver: SolverName,
    ) -> None:
        check_parties(parties, kernel.residual.shape[1])
        _check_finite(kernel)
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
        self.num_initialisations = len(kernel.blocks)
        self._grand_sums = grand_sums(self._system, reduction)
        if not np.isfinite(self._grand_sums).all():
            raise not_positive_definite(kernel.blocks, kernel.rows, ridge=np.min(ridge))

    @abstractmethod
    def _finish(
        self,
        initialisation: int,
        sums: Float[np.ndarray, " c *shape"],
        sizes: Float[np.ndarray, " c"],
    ) -> Float[np.ndarray, " c"]:
        """Utilities from the sums and the rows of coalitions."""

    @property
    def ridge(self) -> float | list[float]:
        """λ, absolute; a list where initialisations have their own."""
        return np.asarray(self._ridge, np.float64).tolist()

    def coalitions(self, members: Bool[np.ndarray, "c p"]) -> Float[np.ndarray, "t i c"]:
        """Utilities of the coalitions whose members are marked."""
        check_members(members, len(self.players))
        distinct, place = np.unique(members, axis=0, return_inverse=True)
        values = self._collect(
            coalition_sums(self._system, distinct, self._reduction), len(distinct)
        )
        return values[..., place.reshape(-1)]

    def grand(self) -> Float[np.ndarray, "t i"]:
        """Utility of all players together."""
        return self._grand.copy()

    def power_set(self) -> Float[np.ndarray, "t i s"]:
        """Utilities of all s = 2^p coalitions; bit j of the index marks player j."""
        members = all_coalitions(len(self.players))
        return self._collect(elimination_sums(self._system, members, self._reduction), len(members))

    def prefixes(self, permutation: Int[np.ndarray, " p"]) -> Float[np.ndarray, "t i q"]:
        """Utilities of the q = p + 1 prefixes of a permutation, the empty one first."""
        check_permutation(permutation, len(self.players))
        chunks = prefix_sums(self._system, permutation, self._reduction)
        return self._collect(chunks, len(permutation) + 1)

    def leave_one_out(self) -> Float[np.ndarray, "t i p"]:
        """Marginals u(N) - u(N without j) of every player j, in closed form; kept once found."""
        return self._leave_one_out.copy()

    def describe_kernel(self) -> dict[str, Any]:
        """Ridge, blocks, initialisations, and how the kernel was made."""
        return {
            "ridge": self.ridge,
            "num_blocks": self.kernel.blocks.shape[1],
            "num_initialisations": self.num_initialisations,
            **self.kernel.describe(),
            "has_multiplicity": bool((self.weights != 1).any()),
        }

    @cached_property
    def _grand(self) -> Float[np.ndarray, "t i"]:
        size = self._system.group_sizes.sum(keepdims=True)
        chunks = (
            Chunk(i, slice(0, 1), each[None], size) for i, each in enumerate(self._grand_sums)
        )
        return self._collect(chunks, 1)[..., 0]

    @cached_property
    def _leave_one_out(self) -> Float[np.ndarray, "t i p"]:
        chunks = leave_one_out_sums(self._system, self._reduction)
        return self._grand[..., None] - self._collect(chunks, len(self.players))

    def _collect(self, chunks: Iterator[Chunk], num_coalitions: int) -> Float[np.ndarray, "t i c"]:
        """Utilities of all coalitions, chunk by chunk."""
        values = np.empty((1, self.num_initialisations, num_coalitions))
        for chunk in chunks:
            finished = self._finish(chunk.initialisation, chunk.sums, chunk.sizes)
            values[0, chunk.initialisation, chunk.coalitions] = finished
        return values


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
