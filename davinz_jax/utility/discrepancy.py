"""The out-of-domain part: how far a coalition's inputs are from the validation set's."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

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
from davinz_jax.utility.players import (
    all_coalitions,
    check_members,
    check_parties,
    check_permutation,
    row_weights,
)

CHUNK = 2**22
"""Float64 numbers that one batch of coalitions may hold."""

DOUBLE_LIMIT = 4096
"""Rows as players up to which their kernel matrix is held in float64; beyond, in float32."""

ROWS_AT_ONCE = 1024
"""Rows of the players' matrix that are handled at once."""


class DiscrepancyUtility:
    r"""u(S) = −MMD(S, T), biased, from sums of kernel values between players.

    With W_jl the sum of k over the rows of players j and l, t_j that over j's rows and the target,
    and τ that within the target, MMD²(S) = Σ_jl∈S W_jl / n² − 2 Σ_j∈S t_j / (n m) + τ / m².
    The empty coalition has the mean embedding 0: u(∅) = −sqrt(τ) / m, a choice that shifts every
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
            ≤ 0, a single party, labels that do not match the rows.

    References:
        Wu et al. 2022 (`wu2022davinz`), as in the authors' code (σ = 5 on raw inputs).
    """

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
        self.parties = parties
        self._each = (sums,)

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
                f"{len(bandwidths)} (and {len(validation_features)} sets of target features)"
            )
        made = [
            cls(x, y, parties, bandwidth=b, multiplicity=multiplicity, progress=progress)
            for x, y, b in zip(features, validation_features, bandwidths, strict=True)
        ]
        made[0]._each = tuple(one._each[0] for one in made)
        return made[0]

    @property
    def players(self) -> tuple[str, ...]:
        """Names of the p players."""
        return self.parties.names

    @property
    def player_sizes(self) -> Int[np.ndarray, " p"]:
        """Rows that each player holds, each as often as it counts."""
        return np.rint(self._each[0].sizes).astype(np.int64)

    @property
    def player_rows(self) -> Int[np.ndarray, " p"] | None:
        """Row number of each player where all are single rows."""
        return self.parties.rows

    @property
    def terms(self) -> tuple[str, ...]:
        """The one term."""
        return ("discrepancy",)

    @property
    def num_initialisations(self) -> int:
        """Sets of features; 1 on raw inputs."""
        return len(self._each)

    @property
    def bandwidths(self) -> tuple[tuple[float, ...], ...]:
        """σ of each kernel, for each set of features."""
        return tuple(tuple(map(float, sums.bandwidth)) for sums in self._each)

    def grand(self) -> Float[np.ndarray, "t i"]:
        """Utility of all players together."""
        return -np.array([[sums.grand() for sums in self._each]])

    def coalitions(self, members: Bool[np.ndarray, "c p"]) -> Float[np.ndarray, "t i c"]:
        """Utilities of the coalitions whose members are marked."""
        check_members(members, len(self.players))
        return -np.stack([sums.coalitions(members) for sums in self._each])[None]

    def power_set(self) -> Float[np.ndarray, "t i s"]:
        """Utilities of all s = 2^p coalitions; bit j of the index marks player j."""
        return self.coalitions(all_coalitions(len(self.players)))

    def prefixes(self, permutation: Int[np.ndarray, " p"]) -> Float[np.ndarray, "t i q"]:
        """Utilities of the q = p + 1 prefixes of a permutation, the empty one first."""
        check_permutation(permutation, len(self.players))
        return -np.stack([sums.prefixes(permutation) for sums in self._each])[None]

    def leave_one_out(self) -> Float[np.ndarray, "t i p"]:
        """Marginals u(N) - u(N without j) of every player j."""
        each = [sums.without_one() - sums.grand() for sums in self._each]
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

    def __init__(self, inputs, validation_inputs, parties, weights, bandwidth, progress):
        check_validation(inputs, validation_inputs)
        check_parties(parties, len(inputs))
        warn_degenerate_bandwidth(inputs, bandwidth=bandwidth)
        self._inputs, self._progress = inputs, progress
        self._order = np.argsort(parties.indices, kind="stable")
        self._is_by_row = len(parties) == len(inputs)
        self._parties, self._weights = parties, weights
        self.bandwidth, self.num_validation_rows = scales(bandwidth), len(validation_inputs)
        to_validation, self._target = validation_sums(
            inputs, validation_inputs, bandwidth=bandwidth, progress=progress
        )
        self._to_target, self.sizes = (
            self._by_player(weights * to_validation),
            self._by_player(weights),
        )

    @cached_property
    def _within(self) -> np.ndarray:
        """Sums of kernel values between players, (p, p)."""
        if not self._is_by_row:
            return group_sums(
                self._inputs,
                self._parties.indices,
                len(self._parties),
                bandwidth=self.bandwidth,
                weights=self._weights,
                progress=self._progress,
            )
        rows, weights = self._inputs[self._order], self._weights[self._order]
        dtype = np.float64 if len(rows) <= DOUBLE_LIMIT else np.float32
        matrix = rbf_matrix(rows, bandwidth=self.bandwidth, dtype=dtype)
        if (weights != 1).any():
            matrix *= weights.astype(dtype)[:, None]
            matrix *= weights.astype(dtype)
        return matrix

    @cached_property
    def _totals(self) -> tuple[np.ndarray, np.ndarray]:
        """Each player's sum with everybody, and with itself."""
        if not self._is_by_row:
            return self._within.sum(1), np.diag(self._within)
        products = rbf_self_products(
            self._inputs, self._weights[:, None], bandwidth=self.bandwidth, progress=self._progress
        )
        return self._by_player(self._weights * products[:, 0]), self.sizes**2

    def grand(self) -> float:
        within = self._totals[0].sum(keepdims=True)
        return self._mmd(within, self._to_target.sum(keepdims=True), self.sizes.sum(keepdims=True))[
            0
        ]

    def coalitions(self, members) -> np.ndarray:
        step = max(1, CHUNK // members.shape[1])
        parts = [members[start : start + step] for start in range(0, len(members), step)]
        return np.concatenate([np.zeros(0), *map(self._chunk, parts)])

    def prefixes(self, permutation) -> np.ndarray:
        to_validation, sizes = self._to_target[permutation], self.sizes[permutation]
        before = [np.zeros(0)]
        for start in range(0, len(permutation), ROWS_AT_ONCE):
            rows = permutation[start : start + ROWS_AT_ONCE]
            with_earlier = self._within.take(rows, 0).take(permutation[: start + len(rows)], 1)
            lower = np.tril(with_earlier, start)
            diagonal = lower[np.arange(len(rows)), start + np.arange(len(rows))]
            before.append(2 * lower.sum(1, dtype=np.float64) - diagonal)
        running = [np.cumsum(step) for step in (np.concatenate(before), to_validation, sizes)]
        return self._mmd(*(np.concatenate([[0.0], each]) for each in running))

    def without_one(self) -> np.ndarray:
        with_all, own = self._totals
        within = with_all.sum() - 2 * with_all + own
        to_validation = self._to_target.sum() - self._to_target
        return self._mmd(within, to_validation, self.sizes.sum() - self.sizes)

    def _chunk(self, members) -> np.ndarray:
        marks, within = members.astype(np.float64), np.zeros(len(members))
        for start in range(0, members.shape[1], ROWS_AT_ONCE):
            rows = slice(start, start + ROWS_AT_ONCE)
            within += ((marks @ self._within[rows].T.astype(np.float64)) * marks[:, rows]).sum(1)
        return self._mmd(within, marks @ self._to_target, marks @ self.sizes)

    def _by_player(self, rows):
        return np.bincount(self._parties.indices, rows, minlength=len(self._parties))

    def _mmd(self, within, to_validation, sizes):
        squared = coalition_mmd_squared(
            within,
            to_validation,
            sizes,
            target=self._target,
            num_validation_rows=self.num_validation_rows,
        )
        return np.sqrt(squared)
