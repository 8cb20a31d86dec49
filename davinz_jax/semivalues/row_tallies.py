"""What each semivalue adds up of the scores that a utility tells by validation row.

A tally's `utility` answers as the one it was made of, and tells the tally of every coalition while
it does, so that values and values by validation row come of one pass, and of the same samples. A
chunk of coalitions is added up as it comes.
"""

from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float, Int

from davinz_jax.semivalues.by_validation_row import ByValidationRow, blocks
from davinz_jax.semivalues.row_sums import RowSums
from davinz_jax.semivalues.size_weights import log_binomial
from davinz_jax.types import Utility
from davinz_jax.utility.row_scores import Places, RowScored, Tell, row_scored

Sums = dict[str, np.ndarray]


@runtime_checkable
class SampledTally(Protocol):
    """The tally of a sampled semivalue, as the sampling loop knows it."""

    sums: RowSums

    def result(self, sums: Sums, units: int) -> ByValidationRow:
        """The values, which end the tally.

        Args:
            sums: the sampler's own, of all units.
            units: of samples.
        """
        ...


class LeaveOneOutTally:
    """u_v(N) − u_v(N ∖ j) of each player j and validation row v."""

    def __init__(self, utility: Utility) -> None:
        self._source = row_scored(utility)
        self._values = _zeros(utility, self._source)
        self.utility = self._source.telling(self._tell)

    def _tell(self, players: Places, rows: Places, scores: Float[np.ndarray, "c m"]) -> None:
        self._values[_at(players, rows)] -= scores

    def result(self) -> ByValidationRow:
        """The values."""
        grand = np.nan_to_num(self._source.row_scores())
        for part in blocks(self._values):
            self._values[part] += grand
        return _exact(self._values, self._source)


class ExactTally:
    """Σ_S ± w(S) u_v(S) over all coalitions S, plus where a player is in it."""

    def __init__(self, utility: Utility, size_weights: Float[np.ndarray, " p"]) -> None:
        self._source = row_scored(utility)
        others = np.arange(len(size_weights), dtype=np.float64)
        with np.errstate(divide="ignore"):
            logs = np.log(size_weights) - log_binomial(len(size_weights) - 1, others)
        self._weights = np.exp(logs)
        self._values = _zeros(utility, self._source)
        self.utility = self._source.telling(self._tell)

    def _tell(self, coalitions: Places, rows: Places, scores: Float[np.ndarray, "c m"]) -> None:
        num = len(self._weights)
        index = np.arange(1 << num)[coalitions]
        inside = (index[:, None] >> np.arange(num)) % 2 == 1
        size = inside.sum(1)
        joined = np.append(self._weights, 0.0)
        signed = np.where(inside, joined[size - 1, None], -joined[size, None])
        self._values[:, rows] += signed.T @ scores

    def result(self) -> ByValidationRow:
        """The values."""
        return _exact(self._values, self._source)


class PermutationTally:
    """Σ w m and its squares over units of permutations, w the weight of the size joined.

    With M_u and W_u the sums of w m and of w in unit u, an entry is φ = Σ M / Σ W, and its
    deviations are M_u − W_u φ, whose squares add up to Σ M² − 2 φ Σ M W + φ² Σ W².

    Args:
        utility: what is shared out.
        weights: w, by the number of players before.
        pairs: samples of a unit that may deviate by themselves: an order with its reverse is one.
        folder: where matrices go that do not fit in memory.
    """

    def __init__(
        self,
        utility: Utility,
        weights: Float[np.ndarray, " p"],
        pairs: int,
        folder: Path | None = None,
    ) -> None:
        self._source, self._weights = row_scored(utility), weights
        self._pairs, self._varies = pairs, bool(np.ptp(weights) > 0)
        names = ["marginals", "squares", *(["crossed"] if self._varies else [])]
        shape = len(weights), len(self._source.row_weights)
        self.sums = RowSums(names, shape, folder=folder, scratch=["unit"])

    def prefixes(self, order: Int[np.ndarray, " p"]) -> Float[np.ndarray, "t i q"]:
        """The utility's prefixes, whose marginals by validation row are added to the unit's."""
        return self._source.telling(self._of_order(order)).prefixes(order)

    def _of_order(self, order: Int[np.ndarray, " p"]) -> Tell:
        unit, last = self.sums["unit"], np.zeros((1, 0))

        def tell(places: Places, rows: Places, scores: Float[np.ndarray, "c m"]) -> None:
            nonlocal last
            assert isinstance(places, slice)
            if places.start > 0:
                joined = slice(places.start - 1, places.stop - 1)
                marginals = np.diff(scores, axis=0, prepend=last)
                marginals *= self._weights[joined, None]
                unit[_at(order[joined], rows)] += marginals
            last = scores[-1:].copy()

        return tell

    def close_unit(self, weights: Float[np.ndarray, " p"]) -> None:
        """Add the unit's sums to those of all; `weights` are its W."""
        unit = self.sums["unit"]
        for part in blocks(unit):
            own = unit[part]
            self.sums["marginals"][part] += own
            self.sums["squares"][part] += np.square(own)
            if self._varies:
                self.sums["crossed"][part] += weights[part, None] * own
            own[...] = 0.0

    def result(self, sums: Sums, units: int) -> ByValidationRow:
        """The values and their errors, found in place of their sums."""
        total, squared = (sums[name].sum(0)[:, None] for name in ("weights", "squared_weights"))
        step = self._source.row_metric.step * self._weights.max()
        floor, few = _floor(step, units * self._pairs), units / (units - 1)
        for part in blocks(self.sums["unit"]):
            values, squares = self.sums["marginals"][part], self.sums["squares"][part]
            crossed = self.sums["crossed"][part] if self._varies else values * total[part] / units
            values /= total[part]
            squares += values * (values * squared[part] - 2 * crossed)
            _to_errors(squares, few / np.square(total[part]), floor)
        return _sampled(self.sums["marginals"], self.sums["squares"], self._source, units)


class ReuseTally:
    """Σ u and Σ u² over the coalitions that hold a player, and over all.

    With a coalitions that hold player j, of mean score A, and b that do not, of mean B, an entry is
    A − B, and a coalition moves it by (u − A)/a or (B − u)/b.
    """

    def __init__(self, utility: Utility, folder: Path | None = None) -> None:
        self._source = row_scored(utility)
        self._shape = len(utility.players), len(self._source.row_weights)
        self.sums = RowSums(["inside", "squares"], self._shape, folder=folder)

    @property
    def num_rows(self) -> int:
        """Validation rows."""
        return self._shape[1]

    def coalitions(
        self, members: Bool[np.ndarray, "c p"]
    ) -> tuple[Float[np.ndarray, "t i c"], Float[np.ndarray, "c m"]]:
        """The utility's coalitions and their scores by row, added to those of their members."""
        scores = np.zeros((len(members), self.num_rows))

        def tell(places: Places, rows: Places, told: Float[np.ndarray, "c m"]) -> None:
            scores[_at(places, rows)] += told

        worths = self._source.telling(tell).coalitions(members)
        inside = members.astype(np.float64)
        for part in blocks(self.sums["inside"]):
            self.sums["inside"][part] += inside[:, part].T @ scores
            self.sums["squares"][part] += inside[:, part].T @ np.square(scores)
        return worths, scores

    def result(self, sums: Sums, units: int) -> ByValidationRow:
        """The values and their errors, found in place of their sums."""
        holding = sums["count"].sum(0)[:, None]
        total, squared = sums["row_scores"].sum(0), sums["squared_row_scores"].sum(0)
        # a coalition of each two holds a player: a step moves the value by twice its share
        floor, few = _floor(2 * self._source.row_metric.step, units), units / (units - 1)
        for part in blocks(self.sums["inside"]):
            inside, squares = self.sums["inside"][part], self.sums["squares"][part]
            a, b = holding[part], units - holding[part]
            with_player, without = inside / a, (total - inside) / b
            outside = (squared - squares - b * np.square(without)) / np.square(b)
            squares -= a * np.square(with_player)
            squares /= np.square(a)
            squares += outside
            inside[...] = with_player - without
            _to_errors(squares, few, floor)
        return _sampled(self.sums["inside"], self.sums["squares"], self._source, units)


def _to_errors(squares: Float[np.ndarray, "b m"], times: np.ndarray | float, floor: float) -> None:
    """Sums of squared deviations to standard errors, in place."""
    np.maximum(squares, 0.0, out=squares)  # rounding of what cancels
    squares *= times
    squares += floor
    np.sqrt(squares, out=squares)


def _floor(step: float, samples: int) -> float:
    """Variance that few samples cannot see where scores take few values: of two more that moved.

    As `Resampling.floor`: Agresti & Min 2005 (`agresti2005simple`).
    """
    return 2.0 * (step / samples) ** 2


def _zeros(utility: Utility, source: RowScored) -> Float[np.ndarray, "p m"]:
    shape = len(utility.players), len(source.row_weights)
    return RowSums(["values"], shape)["values"]


def _at(places: Places, rows: Places) -> Any:
    """Index of all pairs of two lists of places."""
    if isinstance(places, slice) or isinstance(rows, slice):
        return places, rows
    return np.ix_(places, rows)


def _exact(values: Float[np.ndarray, "p m"], source: RowScored) -> ByValidationRow:
    return ByValidationRow(values, source.row_weights, exposure=_exposure(source))


def _sampled(
    values: Float[np.ndarray, "p m"],
    stderr: Float[np.ndarray, "p m"],
    source: RowScored,
    units: int,
) -> ByValidationRow:
    return ByValidationRow(values, source.row_weights, stderr, units - 1, _exposure(source))


def _exposure(source: RowScored) -> Float[np.ndarray, " p"] | None:
    return getattr(source, "exposure", None)
