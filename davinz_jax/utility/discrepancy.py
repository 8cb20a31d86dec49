"""The out-of-domain part: how far a coalition's inputs are from the validation set's."""

import copy
from collections.abc import Callable, Sequence
from functools import cached_property, partial
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
from davinz_jax.utility.resampling import Resamples, check_resamples

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
        resamples: draws of the validation rows, from which values get an error; None for none.

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
        resamples: Resamples | None = None,
    ) -> None:
        check_resamples(resamples, len(validation_inputs))
        self._resamples = resamples
        weights = row_weights(multiplicity, len(inputs))
        drawn = None if resamples is None else resamples.weights
        sums = _Sums(inputs, validation_inputs, parties, weights, bandwidth, progress, drawn)
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
        **choices: Any,
    ) -> "DiscrepancyUtility":
        """On features of each initialisation's untrained network, each with its own bandwidth."""
        if not len(features) == len(validation_features) == len(bandwidths):
            raise ValueError(
                f"bandwidths: wanted one for each of {len(features)} initialisations, got "
                f"{len(bandwidths)} (and {len(validation_features)} sets of validation features)"
            )
        made = [
            cls(x, y, parties, bandwidth=b, **choices)
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

    def with_resamples(self) -> "DiscrepancyUtility":
        """This utility with answers under resamples, if it was given any; they share sums."""
        if self._resamples is None or self.resampling is not None:
            return self
        view = copy.copy(self)
        view.resampling = self._resamples.resampling()
        return view

    def grand(self) -> Float[np.ndarray, "t i"]:
        """Discrepancy of all players together."""
        return self._answer(lambda sums, num: sums.grand(num))[..., 0]

    def coalitions(self, members: Bool[np.ndarray, "c p"]) -> Float[np.ndarray, "t i c"]:
        """Discrepancies of the coalitions whose members are marked."""
        check_members(members, len(self.players))
        return self._answer(lambda sums, num: sums.coalitions(members, num))

    def prefixes(self, permutation: Int[np.ndarray, " p"]) -> Float[np.ndarray, "t i q"]:
        """Discrepancies of the q = p + 1 prefixes of a permutation, the empty one first."""
        check_permutation(permutation, len(self.players))
        return self._answer(lambda sums, num: sums.prefixes(permutation, num))

    def leave_one_out(self) -> Float[np.ndarray, "t i p"]:
        """Marginals c(N) - c(N without j) of every player j."""
        return self._answer(lambda sums, num: sums.grand(num) - sums.without_one(num))

    def describe(self) -> dict[str, Any]:
        """Kind, bandwidths and number of validation rows."""
        return {
            "kind": "discrepancy",
            "bandwidth": [list(each) for each in self.bandwidths],
            "num_validation_rows": self._each[0].num_validation_rows,
            "num_resamples": 0 if self._resamples is None else self._resamples.num,
            "inputs": "raw" if self.num_initialisations == 1 else "features",
        }

    def _answer(
        self, find: Callable[["_Sums", int], Float[np.ndarray, "r c"]]
    ) -> Float[np.ndarray, "1 i c"]:
        """Answers of each set of features, then the means over them under each resample."""
        num_answers = 1 if self.resampling is None else 1 + self.resampling.num
        found = np.stack([find(sums, num_answers) for sums in self._each])
        return np.concatenate([found[:, 0], found[:, 1:].mean(0)])[None]


class _Sums:
    """MMD of coalitions under one set of inputs; above it, where asked for, that under resamples.

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
        resamples: Float[np.ndarray, "b m"] | None,
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
            inputs,
            validation_inputs,
            bandwidth=bandwidth,
            weights=resamples,
            progress=progress,
        )
        self._to_validation = self._by_player(weights[:, None] * to_validation)
        self.sizes = self._by_player(weights)

    def __getstate__(self) -> dict[str, Any]:
        """All but whom progress is told, who is not in another process."""
        return {**self.__dict__, "_progress": None}

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

    def grand(self, num: int) -> Float[np.ndarray, "r 1"]:
        within, sizes = self._totals[0].sum(keepdims=True), self.sizes.sum(keepdims=True)
        return self._mmd(within, self._to_validation[:num].sum(1, keepdims=True), sizes)

    def coalitions(self, members: Bool[np.ndarray, "c p"], num: int) -> Float[np.ndarray, "r c"]:
        step = max(1, CHUNK // max(members.shape[1], num))
        parts = [members[start : start + step] for start in range(0, len(members), step)]
        return np.concatenate([np.zeros((num, 0)), *(self._chunk(part, num) for part in parts)], 1)

    def prefixes(self, permutation: Int[np.ndarray, " p"], num: int) -> Float[np.ndarray, "r q"]:
        to_validation = self._to_validation[:num, permutation]
        sizes = self.sizes[permutation]
        before = [np.zeros(0)]
        for start in range(0, len(permutation), ROWS_PER_STEP):
            rows = permutation[start : start + ROWS_PER_STEP]
            with_earlier = self._within.take(rows, 0).take(permutation[: start + len(rows)], 1)
            lower = np.tril(with_earlier, start)
            diagonal = lower[np.arange(len(rows)), start + np.arange(len(rows))]
            before.append(2 * lower.sum(1, dtype=np.float64) - diagonal)
        steps = (np.concatenate(before), to_validation, sizes)
        zeros = ([(0, 0)] * (step.ndim - 1) + [(1, 0)] for step in steps)
        return self._mmd(
            *(np.cumsum(np.pad(s, z), axis=-1) for s, z in zip(steps, zeros, strict=True))
        )

    def without_one(self, num: int) -> Float[np.ndarray, "r p"]:
        with_all, own = self._totals
        within = with_all.sum() - 2 * with_all + own
        every = self._to_validation[:num]
        to_validation = every.sum(1, keepdims=True) - every
        return self._mmd(within, to_validation, self.sizes.sum() - self.sizes)

    def _chunk(self, members: Bool[np.ndarray, "c p"], num: int) -> Float[np.ndarray, "r c"]:
        marks, within = members.astype(np.float64), np.zeros(len(members))
        for start in range(0, members.shape[1], ROWS_PER_STEP):
            rows = slice(start, start + ROWS_PER_STEP)
            within += ((marks @ self._within[rows].T.astype(np.float64)) * marks[:, rows]).sum(1)
        return self._mmd(within, self._to_validation[:num] @ marks.T, marks @ self.sizes)

    def _by_player(self, rows: Float[np.ndarray, "n ..."]) -> Float[np.ndarray, "... p"]:
        """Sums of rows by player, one line a column."""
        columns = rows.reshape(len(rows), -1).T
        count = partial(np.bincount, self._parties.indices, minlength=len(self._parties))
        return np.stack([count(column) for column in columns]).reshape(*rows.shape[1:], -1)

    def _mmd(
        self,
        within: Float[np.ndarray, " c"],
        to_validation: Float[np.ndarray, "r c"],
        sizes: Float[np.ndarray, " c"],
    ) -> Float[np.ndarray, "r c"]:
        squared = coalition_mmd_squared(
            within,
            to_validation,
            sizes,
            within_validation=self._within_validation[: len(to_validation)],
            num_validation_rows=self.num_validation_rows,
        )
        return np.sqrt(squared)
