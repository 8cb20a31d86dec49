"""What every method returns: values of players, in terms, with their errors and their origin.

A value is the sum over terms of the mean over initialisations of `contributions`. Five sources of
error are kept apart: the spread over initialisations; for sampled values, that over independent
groups of samples (`replicates`); the draw of the validation set (`resampled`); the rounding of
kernels in float32 (`rounded`); their sketch (`sketched`). `intervals.py` says how they are added.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int, ScalarLike
from scipy.stats import rankdata

from davinz_jax.data.dataset import Parties
from davinz_jax.files import Writer, write_whole
from davinz_jax.plots import values_figure
from davinz_jax.semivalues import display
from davinz_jax.semivalues.archive import plain
from davinz_jax.semivalues.by_validation_row import ByValidationRow, frame_of_row
from davinz_jax.semivalues.checks import check_finite, check_shapes
from davinz_jax.semivalues.comparison import Comparison, compare
from davinz_jax.semivalues.evidence import Evidence
from davinz_jax.semivalues.intervals import (
    ResampledValues,
    RoundedValues,
    SketchedValues,
    Spread,
    above,
    blocks_of_players,
    half_width,
    joint_level,
    resampled_values,
    spread_of_mean,
    without_rounding,
)
from davinz_jax.semivalues.payouts import Amount, Negative, Payouts, payouts
from davinz_jax.semivalues.stored import read, writers
from davinz_jax.types import Utility
from davinz_jax.versions import versions


@dataclass(frozen=True, eq=False)
class Valuation:
    """Values of players, with everything needed to judge and to repeat them.

    Lengths: p players, t terms, i initialisations, g groups of samples.

    Attributes:
        method: how the values were obtained, e.g. `shapley`.
        players: names of the p players, no two alike.
        num_rows: rows each player holds.
        terms: names of the terms that a value is the sum of.
        contributions: part of each value from each term, per initialisation; unit of the utility.
        replicates: the same from each group of samples alone, if sampled; their mean, weighted by
            `replicate_samples`, is `contributions`.
        replicate_samples: samples in each group.
        num_samples: samples drawn in all (permutations or coalitions); 0 if exact.
        seconds: time it took.
        description: of utility, seeds, versions and kind of player, as JSON would hold it.
        rows: row number in the dataset of each player, where players are single rows.
        resampled: values under resamples of the validation set, where the utility knows its rows.
        evidence: how many samples each value hangs on, if sampled.
        rounded: values under other roundings of kernels, where these are in float32.
        by_validation_row: values to each validation row, if they were kept.
        sketched: values by either half of kernels, where these are estimated by sketches.
    """

    method: str
    players: tuple[str, ...]
    num_rows: Int[np.ndarray, " p"]
    terms: tuple[str, ...]
    contributions: Float[np.ndarray, "t i p"]
    replicates: Float[np.ndarray, "g t i p"] | None = None
    replicate_samples: Int[np.ndarray, " g"] | None = None
    num_samples: int = 0
    seconds: float = 0.0
    description: Mapping[str, Any] = field(default_factory=dict)
    rows: Int[np.ndarray, " p"] | None = None
    resampled: ResampledValues | None = None
    evidence: Evidence | None = None
    rounded: RoundedValues | None = None
    by_validation_row: ByValidationRow | None = None
    sketched: SketchedValues | None = None

    def __post_init__(self) -> None:
        groups = self.replicates, self.replicate_samples
        check_shapes(self.players, self.terms, self.contributions, *groups)
        deviations = None if self.resampled is None else self.resampled.deviations
        for array in (self.contributions, self.replicates, deviations):
            if array is not None:
                check_finite(array, self.players, self.method)

    @property
    def num_initialisations(self) -> int:
        """Draws of the network that the values are the mean of."""
        return self.contributions.shape[1]

    @property
    def values(self) -> Float[np.ndarray, " p"]:
        """Value of each player: sum over terms, mean over initialisations."""
        return self.contributions.sum(axis=0).mean(axis=0)

    @property
    def term_values(self) -> Float[np.ndarray, "t p"]:
        """Part of each value from each term."""
        return self.contributions.mean(axis=1)

    @property
    def stderr_initialisation(self) -> Float[np.ndarray, " p"]:
        """Standard error of each value over initialisations; NaN if there is only one."""
        if self.num_initialisations == 1:
            return np.full(len(self.players), np.nan)
        return np.sqrt(self._over_initialisations.variance)

    @property
    def stderr_sampling(self) -> Float[np.ndarray, " p"]:
        """Standard error of each value over samples, few ones allowed for; zero if exact."""
        none = np.zeros(len(self.players))
        return np.sqrt(self._over_samples.variance) if self.is_sampled else none

    @property
    def stderr_validation(self) -> Float[np.ndarray, " p"]:
        """Standard error of each value over draws of the validation set; NaN if not measured."""
        return self._stderr_of(self.resampled, otherwise=np.nan)

    @property
    def stderr_rounding(self) -> Float[np.ndarray, " p"]:
        """Standard error of each value from the rounding of kernels; zero if there is none."""
        return self._stderr_of(self.rounded)

    @property
    def stderr_sketch(self) -> Float[np.ndarray, " p"]:
        """Standard error of each value from the sketch of kernels; zero where they are exact."""
        return self._stderr_of(self.sketched)

    @property
    def stderr(self) -> Float[np.ndarray, " p"]:
        """Standard error from all sources that were measured; NaN if none was."""
        if not self._spreads:
            return np.full(len(self.players), np.nan)
        return np.sqrt(np.sum([spread.variance for spread in self._spreads], axis=0))

    def intervals(self, level: ScalarLike = 0.95) -> Float[np.ndarray, "p 2"]:
        """Lower and upper limit of each value by itself, with t quantiles; NaN without errors."""
        width = half_width(self._spreads, level, len(self.players))
        return np.stack([self.values - width, self.values + width], axis=1)

    @property
    def rank(self) -> Int[np.ndarray, " p"]:
        """Rank of each value, 1 the highest; ties share the better rank."""
        return rankdata(-without_rounding(self.values), method="min").astype(np.int64)

    def rank_interval(self, level: ScalarLike = 0.95) -> Int[np.ndarray, "p 2"]:
        """Best and worst rank each player may have; of all players together they hold at `level`.

        From paired differences, as `separable`. With no error measured, players differ in rank
        only by their values.
        """
        num, single = len(self.players), joint_level(self.values, self._spreads, level)
        better, worse = np.zeros(num, dtype=np.int64), np.zeros(num, dtype=np.int64)
        for rows in blocks_of_players(num):
            wins = above(self.values, self._spreads, single, rows)
            worse[rows] = wins.sum(axis=1)
            better += wins.sum(axis=0)
        return np.stack([1 + better, num - worse], axis=1)

    @property
    def scarce(self) -> tuple[str, ...]:
        """Players whose values hang on few samples: their errors are widened, see `Evidence`."""
        if self.evidence is None:
            return ()
        return tuple(np.array(self.players, dtype=object)[self.evidence.is_scarce])

    def separable(self, level: ScalarLike = 0.95) -> Bool[np.ndarray, "p p"]:
        """Whether each pair is told apart, all pairs together: see `joint_level`.

        With the probability of the level, no two players of equal worth are.
        """
        rows, single = slice(0, len(self.players)), joint_level(self.values, self._spreads, level)
        wins = above(self.values, self._spreads, single, rows)
        return wins | wins.T

    def not_separable(self, level: ScalarLike = 0.95) -> tuple[tuple[str, str], ...]:
        """Pairs of which neither is worth more beyond doubt, all pairs looked at together."""
        doubtful = np.triu(~self.separable(level), k=1)
        return tuple((self.players[j], self.players[k]) for j, k in np.argwhere(doubtful))

    def to_frame(self, level: ScalarLike = 0.95) -> Any:
        """A pandas frame with one row a player, in the order of `players`.

        Columns: player, value, stderr, one for each term, stderr_initialisation, stderr_sampling,
        stderr_validation, stderr_rounding, stderr_sketch where there is one, low and high (interval
        of each value by itself), rank, rank_low and rank_high (of all together), num_rows, and row
        where players are rows.
        """
        import pandas as pd

        limits, ranks = self.intervals(level), self.rank_interval(level)
        columns = {"player": self.players, "value": self.values, "stderr": self.stderr}
        columns.update(zip(self.terms, self.term_values, strict=True))
        sources = ["initialisation", "sampling", "validation", "rounding"]
        sources += [] if self.sketched is None else ["sketch"]
        columns |= {
            **{f"stderr_{name}": getattr(self, f"stderr_{name}") for name in sources},
            "low": limits[:, 0],
            "high": limits[:, 1],
            "rank": self.rank,
            "rank_low": ranks[:, 0],
            "rank_high": ranks[:, 1],
            "num_rows": self.num_rows,
        }
        if self.rows is not None:
            columns["row"] = self.rows
        return pd.DataFrame(columns)

    def for_validation_row(self, row: int, level: ScalarLike = 0.95) -> Any:
        """A pandas frame of what each player is worth to one validation row, best first.

        Columns: player, value, stderr, low and high (interval of each value by itself, of the
        samples alone: the row is given), num_rows, and row where players are rows.

        Args:
            row: number of the validation row, from 0.
            level: coverage of an interval, in (0, 1).

        Raises:
            ValueError: for no such row, or where values by validation row were not kept.
        """
        return frame_of_row(self, row, level)

    def __repr__(self) -> str:
        title = display.title_of(self.method, self.description, len(self.players))
        return display.one_line(title, self.players, self.values, self.stderr)

    def _repr_html_(self) -> str:
        title = display.title_of(self.method, self.description, len(self.players))
        values, ranks = (self.values, self.stderr), self.rank_interval()
        return display.table(title, self.players, *values, ranks, self.num_rows)

    def plot(self, level: ScalarLike = 0.95) -> Any:
        """A matplotlib figure: bars split in terms, of many players a curve; `.savefig(path)`.

        Args:
            level: coverage of the interval of each value by itself, in (0, 1).
        """
        title = display.title_of(self.method, self.description, len(self.players))
        return values_figure(
            self.to_frame(level), self.terms, title=title, level=float(np.asarray(level))
        )

    def payouts(
        self,
        budget: Amount,
        *,
        negative: Negative = "zero",
        floor: Amount = 0,
        cap: Amount | None = None,
        decimals: int = 2,
    ) -> Payouts:
        """Divide a budget by value; see `payouts.payouts`."""
        return payouts(self, budget, negative=negative, floor=floor, cap=cap, decimals=decimals)

    def compare(self, other: "Valuation") -> Comparison:
        """Agreement with another valuation of the same players; see `comparison.compare`."""
        return compare(self.players, self.values, other.players, other.values)

    def sum_by_party(self, parties: Parties) -> "Valuation":
        """Values of parties as the sums of their rows' values.

        Not the value of the party as one player. Sums are taken in every initialisation and group
        of samples, so parts and errors carry over; values by validation row are left behind.

        Args:
            parties: the party of each player of this valuation, in the same order.

        Raises:
            ValueError: if `parties` does not name one party for each player.
        """
        if len(parties.indices) != len(self.players):
            raise ValueError(
                f"parties: wanted a party for each of {len(self.players)} players, got "
                f"{len(parties.indices)}; pass the partition of the rows that were valued"
            )
        member = np.eye(len(parties))[parties.indices]
        measured = {n: getattr(self, n) for n in ("resampled", "evidence", "rounded", "sketched")}
        return replace(
            self,
            players=parties.names,
            num_rows=np.bincount(parties.indices, self.num_rows, len(parties)).astype(np.int64),
            contributions=self.contributions @ member,
            replicates=None if self.replicates is None else self.replicates @ member,
            **{name: each and each.combine(member) for name, each in measured.items()},
            by_validation_row=None,
            description={**self.description, "player_kind": "sum of rows"},
            rows=None,
        )

    def save(self, path: Path | str) -> None:
        """Write files, whole or not at all: JSON and arrays, with a checksum; see `writers`."""
        write_whole(Path(path).parent, self.writers(Path(path).name))

    def writers(self, name: str) -> dict[str, Writer]:
        """What writes each file: the values to each validation row, if kept, and `name` last."""
        return writers(self, name)

    @classmethod
    def load(cls, path: Path | str) -> "Valuation":
        """Read a file that `save` wrote.

        Raises:
            ValueError: if there is no such file, or it is damaged, or is not a valuation; or so
                for those by validation row, which stay on disk.
        """
        return cls(**read(Path(path)))

    @property
    def is_sampled(self) -> bool:
        """Whether groups of samples tell how far sampling moves the values."""
        return self.replicates is not None and len(self.replicates) > 1

    @property
    def _over_initialisations(self) -> Spread:
        totals = self.contributions.sum(axis=0)
        alike = np.ones(len(totals), dtype=np.int64)
        return Spread(spread_of_mean(totals, alike), len(totals) - 1)

    @property
    def _over_samples(self) -> Spread:
        means, counts = np.asarray(self.replicates), np.asarray(self.replicate_samples)
        factor = spread_of_mean(means.sum(axis=1).mean(axis=1), counts)
        own = None if self.evidence is None else self.evidence.variance
        return Spread(factor, len(counts) - 1, own=own)

    def _stderr_of(self, source: Any, otherwise: ScalarLike = 0.0) -> Float[np.ndarray, " p"]:
        none = np.full(len(self.players), otherwise)
        return none if source is None else np.sqrt(source.spread.variance)

    @property
    def _spreads(self) -> list[Spread]:
        measured = [self._over_initialisations] if self.num_initialisations > 1 else []
        if self.is_sampled:
            measured.append(self._over_samples)
        further = (self.resampled, self.rounded, self.sketched)
        return [*measured, *(each.spread for each in further if each is not None)]


def value_utility(
    utility: Utility,
    method: str,
    contributions: Float[np.ndarray, "t c p"],
    *,
    settings: Mapping[str, Any] | None = None,
    **sampled: Any,
) -> Valuation:
    """Contributions of a utility's players as a valuation, with the utility's description.

    Where the utility has `player_rows`, the row number of each player, the valuation keeps them.

    Args:
        utility: what was valued; `with_resamples` of it, for the draw of the validation set.
        method: how.
        contributions: part of each value from each term, per initialisation and, of a utility
            with resamples, per resample.
        settings: what else defines the values (seed, estimator, …).
        **sampled: `replicates`, `replicate_samples`, `evidence`, `num_samples`, `seconds` of
            `Valuation`.
    """
    sizes = np.asarray(utility.player_sizes, dtype=np.int64)
    contributions = np.asarray(contributions, dtype=np.float64)
    exposure = getattr(utility, "exposure", None)
    if exposure is not None:
        contributions = contributions / exposure
        if sampled.get("replicates") is not None:
            sampled["replicates"] = sampled["replicates"] / exposure
    draws = contributions[:, : utility.num_initialisations]
    resampled = contributions[:, utility.num_initialisations :]
    description = {
        "utility": utility.describe(),
        "player_kind": "row" if (sizes == 1).all() else "party as one player",
        "versions": versions(),
        **(settings or {}),
    }
    return Valuation(
        method=method,
        players=tuple(utility.players),
        num_rows=sizes,
        terms=tuple(utility.terms),
        contributions=draws,
        description=plain(description),
        rows=getattr(utility, "player_rows", None),
        resampled=resampled_values(utility, draws, resampled),
        **sampled,
    )
