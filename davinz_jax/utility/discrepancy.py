"""The out-of-domain part: how far a coalition's inputs are from the validation set's."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any, final

import numpy as np
from jaxtyping import Bool, Float, Int, Num

from davinz_jax.data.dataset import Parties
from davinz_jax.mmd import (
    Bandwidth,
    check_validation,
    coalition_mmd_squared,
    group_sums,
    rbf_matrix,
    rbf_self_products,
    scales,
    validation_sums,
    warn_degenerate_bandwidth,
)
from davinz_jax.types import Progress
from davinz_jax.utility.base import AbstractUtility
from davinz_jax.utility.players import (
    check_members,
    check_parties,
    check_permutation,
    row_weights,
)

CHUNK = 2**22
"""Float64 numbers that one batch of coalitions may hold."""

DOUBLE_LIMIT = 4096
"""Rows as players up to which their kernel matrix is held in float64; beyond, in float32."""

ROWS_PER_STEP = 1024
"""Rows of the players' matrix that are handled at once."""


@final
class DiscrepancyUtility(AbstractUtility):
    r"""c(S) = MMD(S, T), a cost: biased, from sums of kernel values between players.

    With W_jl the sum of k over the rows of players j and l, t_j that over j's rows and the m
    validation rows T, and τ that within T,
    MMD²(S) = Σ_jl∈S W_jl / n² − 2 Σ_j∈S t_j / (n m) + τ / m².
    The empty coalition has the mean embedding 0: c(∅) = sqrt(τ) / m, a choice that shifts every
    player's Shapley value alike.

    Args:
        inputs: rows, (n, ...), flattened.
        validation_inputs: validation rows, (m, ...).
        parties: players.
        bandwidth: σ; several stand for the mean of their kernels.
        multiplicity: times each row counts; once by default.
        progress: told tiles done, tiles in all, and the stage.

    Raises:
        ValueError: no validation rows, other row shapes, numbers that are not finite, bandwidth
            ≤ 0, a single party, parties that do not match the rows.

    References:
        Wu et al. 2022 (`wu2022davinz`), as in the authors' code (σ = 5 on raw inputs).
    """

    terms = ("discrepancy",)

    def __init__(
        self,
        inputs: Num[np.ndarray, "n ..."],
        validation_inputs: Num[np.ndarray, "m ..."],
        parties: Parties,
        *,
        bandwidth: Bandwidth,
        multiplicity: Num[np.ndarray, " n"] | None = None,
        progress: Progress | None = None,
    ) -> None:
        weights = row_weights(multiplicity, len(inputs))
        sums = _Sums(inputs, validation_inputs, parties, weights, bandwidth, progress)
        self.parties, self._each = parties, (sums,)
        self.players, self.player_rows = parties.names, parties.rows
        self.player_sizes = np.rint(sums.sizes).astype(np.int64)

    @classmethod
    def of_features(
        cls,
        features: Num[np.ndarray, "i n ..."],
        validation_features: Num[np.ndarray, "i m ..."],
        parties: Parties,
        *,
        bandwidths: Sequence[Bandwidth],
        multiplicity: Num[np.ndarray, " n"] | None = None,
        progress: Progress | None = None,
    ) -> "DiscrepancyUtility":
        """On features of each initialisation's untrained network, each with its own bandwidth."""
        if not len(features) == len(validation_features) == len(bandwidths):
            raise ValueError(
                f"bandwidths: wanted one for each of {len(features)} initialisations, got "
                f"{len(bandwidths)} (and {len(validation_features)} sets of validation features)"
            )
        made = [
            cls(x, y, parties, bandwidth=b, multiplicity=multiplicity, progress=progress)
            for x, y, b in zip(features, validation_features, bandwidths, strict=True)
        ]
        made[0]._each = tuple(one._each[0] for one in made)
        return made[0]

    @property
    def num_initialisations(self) -> int:
        """Sets of features; 1 on raw inputs."""
        return len(self._each)

    @property
    def bandwidths(self) -> tuple[tuple[float, ...], ...]:
        """σ of each kernel, for each set of features."""
        return tuple(tuple(map(float, sums.bandwidth)) for sums in self._each)

    def grand(self) -> Float[np.ndarray, "t i"]:
        """Discrepancy of all players together."""
        return np.array([[sums.grand() for sums in self._each]])

    def coalitions(self, members: Bool[np.ndarray, "c p"]) -> Float[np.ndarray, "t i c"]:
        """Discrepancies of the coalitions whose members are marked."""
        check_members(members, len(self.players))
        return np.stack([sums.coalitions(members) for sums in self._each])[None]

    def prefixes(self, permutation: Int[np.ndarray, " p"]) -> Float[np.ndarray, "t i q"]:
        """Discrepancies of the q = p + 1 prefixes of a permutation, the empty one first."""
        check_permutation(permutation, len(self.players))
        return np.stack([sums.prefixes(permutation) for sums in self._each])[None]

    def leave_one_out(self) -> Float[np.ndarray, "t i p"]:
        """Marginals c(N) - c(N without j) of every player j."""
        each = [sums.grand() - sums.without_one() for sums in self._each]
        return np.stack(each)[None]

    def describe(self) -> dict[str, Any]:
        """Kind, bandwidths and number of validation rows."""
        return {
            "kind": "discrepancy",
            "bandwidth": [list(each) for each in self.bandwidths],
            "num_validation_rows": self._each[0].num_validation_rows,
            "inputs": "raw" if self.num_initialisations == 1 else "features",
        }


class _Sums:
    """MMD of coalitions under one set of inputs.

    Rows as players: the n×n matrix is made only where an answer needs it, not for leave-one-out.
    """

    def __init__(
        self,
        inputs: Num[np.ndarray, "n ..."],
        validation_inputs: Num[np.ndarray, "m ..."],
        parties: Parties,
        weights: Float[np.ndarray, " n"],
        bandwidth: Bandwidth,
        progress: Progress | None,
    ) -> None:
        check_validation(inputs, validation_inputs)
        check_parties(parties, len(inputs))
        warn_degenerate_bandwidth(inputs, bandwidth=bandwidth)
        self._inputs, self._progress = inputs, progress
        self._order = np.argsort(parties.indices, kind="stable")
        self._is_by_row = len(parties) == len(inputs)
        self._parties, self._weights = parties, weights
        self.bandwidth, self.num_validation_rows = scales(bandwidth), len(validation_inputs)
        to_validation, self._within_validation = validation_sums(
            inputs, validation_inputs, bandwidth=bandwidth, progress=progress
        )
        self._to_validation = self._by_player(weights * to_validation)
        self.sizes = self._by_player(weights)

    @cached_property
    def _within(self) -> Float[np.ndarray, "p p"]:
        """Sums of kernel values between players."""
        return self._between_rows() if self._is_by_row else self._between_parties()

    def _between_parties(self) -> Float[np.ndarray, "p p"]:
        return group_sums(
            self._inputs,
            self._parties.indices,
            len(self._parties),
            bandwidth=self.bandwidth,
            weights=self._weights,
            progress=self._progress,
        )

    def _between_rows(self) -> Float[np.ndarray, "p p"]:
        rows, weights = self._inputs[self._order], self._weights[self._order]
        dtype = np.float64 if len(rows) <= DOUBLE_LIMIT else np.float32
        matrix = rbf_matrix(rows, bandwidth=self.bandwidth, dtype=dtype)
        if (weights != 1).any():
            matrix *= weights.astype(dtype)[:, None]
            matrix *= weights.astype(dtype)
        return matrix

    @cached_property
    def _totals(self) -> tuple[Float[np.ndarray, " p"], Float[np.ndarray, " p"]]:
        """Each player's sum with everybody, and with itself."""
        if not self._is_by_row:
            return self._within.sum(1), np.diag(self._within)
        products = rbf_self_products(
            self._inputs, self._weights[:, None], bandwidth=self.bandwidth, progress=self._progress
        )
        return self._by_player(self._weights * products[:, 0]), self.sizes**2

    def grand(self) -> float:
        sums = self._totals[0], self._to_validation, self.sizes
        return float(self._mmd(*(each.sum(keepdims=True) for each in sums))[0])

    def coalitions(self, members: Bool[np.ndarray, "c p"]) -> Float[np.ndarray, " c"]:
        step = max(1, CHUNK // members.shape[1])
        parts = [members[start : start + step] for start in range(0, len(members), step)]
        return np.concatenate([np.zeros(0), *map(self._chunk, parts)])

    def prefixes(self, permutation: Int[np.ndarray, " p"]) -> Float[np.ndarray, " q"]:
        to_validation, sizes = self._to_validation[permutation], self.sizes[permutation]
        before = [np.zeros(0)]
        for start in range(0, len(permutation), ROWS_PER_STEP):
            rows = permutation[start : start + ROWS_PER_STEP]
            with_earlier = self._within.take(rows, 0).take(permutation[: start + len(rows)], 1)
            lower = np.tril(with_earlier, start)
            diagonal = lower[np.arange(len(rows)), start + np.arange(len(rows))]
            before.append(2 * lower.sum(1, dtype=np.float64) - diagonal)
        running = [np.cumsum(step) for step in (np.concatenate(before), to_validation, sizes)]
        return self._mmd(*(np.concatenate([[0.0], each]) for each in running))

    def without_one(self) -> Float[np.ndarray, " p"]:
        with_all, own = self._totals
        within = with_all.sum() - 2 * with_all + own
        to_validation = self._to_validation.sum() - self._to_validation
        return self._mmd(within, to_validation, self.sizes.sum() - self.sizes)

    def _chunk(self, members: Bool[np.ndarray, "c p"]) -> Float[np.ndarray, " c"]:
        marks, within = members.astype(np.float64), np.zeros(len(members))
        for start in range(0, members.shape[1], ROWS_PER_STEP):
            rows = slice(start, start + ROWS_PER_STEP)
            within += ((marks @ self._within[rows].T.astype(np.float64)) * marks[:, rows]).sum(1)
        return self._mmd(within, marks @ self._to_validation, marks @ self.sizes)

    def _by_player(self, rows: Float[np.ndarray, " n"]) -> Float[np.ndarray, " p"]:
        return np.bincount(self._parties.indices, rows, minlength=len(self._parties))

    def _mmd(
        self,
        within: Float[np.ndarray, " c"],
        to_validation: Float[np.ndarray, " c"],
        sizes: Float[np.ndarray, " c"],
    ) -> Float[np.ndarray, " c"]:
        squared = coalition_mmd_squared(
            within,
            to_validation,
            sizes,
            within_validation=self._within_validation,
            num_validation_rows=self.num_validation_rows,
        )
        return np.sqrt(squared)
