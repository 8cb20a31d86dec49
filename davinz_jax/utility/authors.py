"""ν with the authors' choices where they differ from ours: κ by draw, blocks by coalition."""

import zlib
from typing import Any, final

import jax
import numpy as np
from jaxtyping import Bool, Float, ScalarLike

from davinz_jax.data.dataset import Parties
from davinz_jax.data.randomness import numpy_generator
from davinz_jax.kernels import Kernel
from davinz_jax.types import PRNGKey, Utility
from davinz_jax.utility.base import AbstractUtility
from davinz_jax.utility.davinz import KappaFamily, family_costs
from davinz_jax.utility.ingredients import Ingredients
from davinz_jax.utility.options import PAPER_RIDGE


def authors_score(
    ingredients: Ingredients,
    *,
    kappa: ScalarLike | None = None,
    kappa_family: KappaFamily = "leave_one_out",
    kappa_per_run: bool = False,
    fresh_blocks: int = 1,
) -> "ScoreByRun":
    """ν(S) = −κ·complexity − discrepancy with one or both of the authors' choices.

    Args:
        ingredients: with one dense kernel, where blocks are drawn anew.
        kappa: given for all draws; None calibrates it.
        kappa_family: coalitions that it is calibrated on.
        kappa_per_run: whether each draw of the network has a κ of its own, as there, or all have
            the mean, as in `davinz_score`.
        fresh_blocks: blocks into which each coalition's rows are parted at random, anew for each,
            as there; 1 takes the kernel as it is.

    Raises:
        ValueError: for a kernel in blocks where blocks are to be drawn anew.

    References:
        Wu et al. 2022 (`wu2022davinz`), as in the authors' code.
    """
    cost: Utility = ingredients.complexity_cost()
    if fresh_blocks > 1:
        kernel = ingredients.kernel()
        ridge = ingredients.find_ridge(kernel, default=PAPER_RIDGE)
        key = jax.random.fold_in(ingredients.kappa_key, 1)
        cost = FreshBlocksComplexity(
            kernel, ingredients.parties, ridge=ridge, num_blocks=fresh_blocks, key=key
        )
    distance = ingredients.discrepancy_cost()
    if kappa is not None:
        return ScoreByRun(
            cost, distance, np.full(cost.num_initialisations, float(np.asarray(kappa)))
        )
    found = kappas(cost, distance, kappa_family, ingredients.kappa_key)
    return ScoreByRun(cost, distance, found if kappa_per_run else np.full_like(found, found.mean()))


def kappas(
    complexity: Utility, discrepancy: Utility, family: KappaFamily, key: PRNGKey
) -> Float[np.ndarray, " i"]:
    """κ = mean(MMD) / mean(complexity) over a family of coalitions, for each draw."""
    costs, distances = (family_costs(each, family, 100, key) for each in (complexity, discrepancy))
    return np.broadcast_to(distances.mean(-1), len(costs)) / costs.mean(-1)


@final
class ScoreByRun(AbstractUtility):
    """ν(S) with a κ for each draw of the network.

    Args:
        complexity: in-domain part, a cost.
        discrepancy: out-of-domain part, a cost, of as many draws or one.
        kappas: κ of each draw.
    """

    terms = ("complexity", "discrepancy")

    def __init__(
        self, complexity: Utility, discrepancy: Utility, kappas: Float[np.ndarray, " i"]
    ) -> None:
        self.players, self.player_sizes = complexity.players, complexity.player_sizes
        self.num_initialisations = len(kappas)
        self._parts, self._kappas = (complexity, discrepancy), kappas

    def coalitions(self, members: Bool[np.ndarray, "c p"]) -> Float[np.ndarray, "t i c"]:
        """Both parts of the coalitions whose members are marked, negative."""
        costs, distances = (
            part.coalitions(members)[0, : part.num_initialisations] for part in self._parts
        )
        weighted = self._kappas[:, None] * costs
        return -np.stack([weighted, np.broadcast_to(distances, weighted.shape)])

    def describe(self) -> dict[str, Any]:
        """Kind, and κ of each draw."""
        parts = [part.describe() for part in self._parts]
        return {"kind": "davinz by run", "kappa": self._kappas.tolist(), "summands": parts}


@final
class FreshBlocksComplexity(AbstractUtility):
    """sqrt(q(S)/n(S)), q summed over blocks into which S is parted at random, anew for each S.

    The draw for a coalition is decided by the key and its members, so that asking twice gives the
    same; κ and values see one draw. Each block is solved by itself, in float64.

    Args:
        kernel: dense.
        parties: players.
        ridge: λ, absolute.
        num_blocks: blocks of a coalition; fewer where it has fewer rows.
        key: draws them.

    Raises:
        ValueError: for a kernel in blocks.
    """

    terms = ("complexity",)

    def __init__(
        self, kernel: Kernel, parties: Parties, *, ridge: Any, num_blocks: int, key: PRNGKey
    ) -> None:
        if kernel.blocks.shape[1] != 1:
            raise ValueError(
                f"kernel: wanted a dense one, from which blocks are drawn anew, got "
                f"{kernel.blocks.shape[1]} blocks; set ntk.num_blocks=1"
            )
        self.players, self.player_sizes = parties.names, parties.sizes
        self.num_initialisations = kernel.blocks.shape[0]
        order = kernel.rows[0]
        self._matrix = kernel.blocks[:, 0].astype(np.float64)
        self._residual = kernel.residual[:, order].astype(np.float64)  # in the kernel's order
        self._owners = parties.indices[order]
        self._ridge, self._num_blocks, self._key = ridge, num_blocks, key

    def coalitions(self, members: Bool[np.ndarray, "c p"]) -> Float[np.ndarray, "t i c"]:
        """Costs of the coalitions whose members are marked; 0 for nobody."""
        return np.stack([self._cost(own) for own in members], axis=1)[None]

    def _cost(self, members: Bool[np.ndarray, " p"]) -> Float[np.ndarray, " i"]:
        rows = np.flatnonzero(members[self._owners])
        if not len(rows):
            return np.zeros(self.num_initialisations)
        own = jax.random.fold_in(self._key, zlib.crc32(members.tobytes()))
        shuffled = numpy_generator(own).permutation(rows)
        blocks = np.array_split(shuffled, min(self._num_blocks, len(rows)))
        total = sum(self._quadratic(block) for block in blocks)
        return np.sqrt(np.maximum(total, 0.0) / len(rows))

    def _quadratic(self, rows: Any) -> Float[np.ndarray, " i"]:
        """Σ over outputs of rᵀ(K + λI)⁻¹r within one block."""
        residual = self._residual[:, rows]
        matrix = self._matrix[:, rows[:, None], rows] + self._ridge * np.eye(len(rows))
        return (residual * np.linalg.solve(matrix, residual)).sum(axis=(1, 2))

    def describe(self) -> dict[str, Any]:
        """Kind, ridge and blocks."""
        return {**super().describe(), "ridge": self._ridge, "fresh_blocks": self._num_blocks}
