"""Two opinions on the same players: how far they agree, what stands where they part, what to do."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from davinz_jax.data import Parties
from davinz_jax.semivalues import Valuation
from davinz_jax.semivalues.comparison import on_opposite_sides, rank_correlations
from experiments.report.fidelity import compare_fidelity

NAMES = {"davinz": "ν", "kernel_regression": "kernel regression"}
LEAST_SPEARMAN = 0.5
"""Rank correlation below which two opinions part."""
LEVEL = 0.95  # of the intervals by which a player is above or below zero
MOST_NAMES = 5


@dataclass(frozen=True)
class LeftOut:
    """A second opinion that was not formed, and why."""

    reason: str

    def lines(self) -> Iterator[str]:
        """A note below a table of values."""
        yield f"no second opinion: {self.reason}; second_opinion=true has it, =false says nothing"


@dataclass(frozen=True)
class Opinion:
    """Values of the same players by another utility.

    Attributes:
        first: the values that were asked for.
        values: those of the second opinion.
        utility: what the second opinion shares out, as described.
        seconds: time that it took.
        notes: what was warned of.
    """

    first: Valuation
    values: Valuation
    utility: Mapping[str, Any]
    seconds: float
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What the second opinion is by."""
        return name_of(self.utility)

    @property
    def first_name(self) -> str:
        """What the first opinion is by."""
        return name_of(self.first.description["utility"])

    @cached_property
    def spearman(self) -> float:
        """Rank correlation of the two; NaN where one has all values equal."""
        return rank_correlations(self.first.values, self.values.values)[0]

    @cached_property
    def opposed(self) -> tuple[str, ...]:
        """Players that are above zero by one and below it by the other, beyond their intervals."""
        pair = [(each.values, each.intervals(LEVEL)) for each in (self.first, self.values)]
        is_opposed = on_opposite_sides(*pair[0], *pair[1])
        return tuple(np.array(self.first.players, dtype=object)[is_opposed])

    @property
    def parts(self) -> bool:
        """Whether the two opinions part."""
        return self.spearman < LEAST_SPEARMAN or bool(self.opposed)

    def by_party(self, parties: Parties) -> "Opinion":
        """Both opinions on parties, as sums of their rows."""
        first, values = self.first.sum_by_party(parties), self.values.sum_by_party(parties)
        return replace(self, first=first, values=values)

    def columns(self, level: float) -> dict[str, Any]:
        """Columns of a table of the first opinion's players, in their order."""
        frame = self.values.to_frame(level)
        taken = ("value", "low", "high", "rank", "rank_low", "rank_high")
        return {f"second_{name}": frame[name].to_numpy() for name in taken}

    def sentences(self) -> list[str]:
        """How the two compare; where they part, which follows trained networks and what to do."""
        if not self.parts:
            return [f"A second opinion, by {self.name}, agrees{self._how_far()}."]
        return [self._parting(), self._followed(), self._advice()]

    def lines(self) -> Iterator[str]:
        """Notes below a table of values."""
        yield f"{' '.join(self.sentences())} ({self.seconds:.1f} s; second_opinion=false without)"
        yield from (f"second opinion: {text}" for text in self.notes)

    def record(self, players: list[dict[str, Any]]) -> dict[str, Any]:
        """What result.json holds of it.

        Args:
            players: records of its values.
        """
        return {
            "kind": self.utility["kind"],
            "method": self.values.method,
            "utility": self.utility,
            "players": players,
            "spearman": None if np.isnan(self.spearman) else self.spearman,
            "opposed": list(self.opposed),
            "parts": self.parts,
            "says": self.sentences(),
            "notes": list(self.notes),
            "seconds": self.seconds,
        }

    def _how_far(self) -> str:
        ranks = "" if np.isnan(self.spearman) else f" (Spearman {decimals(self.spearman)})"
        return f" with {self.first_name}{ranks}"

    def _parting(self) -> str:
        """In what the two part, in one sentence."""
        said = []
        if self.spearman < LEAST_SPEARMAN:
            said.append(f"their ranks have Spearman {decimals(self.spearman)}")
        if self.opposed:
            named = ", ".join(self.opposed[:MOST_NAMES])
            more = len(self.opposed) - MOST_NAMES
            rest = f" and {more} more" if more > 0 else ""
            stand = "is" if len(self.opposed) == 1 else "are"
            said.append(f"{named}{rest} {stand} above zero by one and below it by the other")
        return f"{self.first_name} and {self.name} part: {'; '.join(said)}."

    def _followed(self) -> str:
        """Which of the two follows trained networks, as the kept study found."""
        found = compare_fidelity(self.first.description["utility"], self.utility)
        if found is None:
            return "Which one follows trained networks is on docs/fidelity.md."
        pairs = [(found.first, self.first_name), (found.second, self.name)]
        (more, better), (less, worse) = sorted(pairs, reverse=True)
        return (
            f"On {found.num_sets} sets of one size and class share, {better} followed trained "
            f"networks (Spearman with their accuracy {decimals(more)}), {worse} less "
            f"({decimals(less)})."
        )

    def _advice(self) -> str:
        """What to do."""
        look = "see what experiments.detect says of the rows of those who part"
        if self.utility["kind"] == "davinz":
            return (
                "Go by kernel regression where the labels of the validation rows can be trusted: ν "
                f"does not look at them; {look}."
            )
        return f"Value by utility=auto before anyone is paid, and {look}."


def name_of(utility: Mapping[str, Any]) -> str:
    """A utility as people read it."""
    return NAMES.get(utility["kind"], str(utility["kind"]))


def decimals(number: float) -> str:
    """A correlation in two digits, without its zero.

    >>> decimals(0.867), decimals(-0.3), decimals(1.0)
    ('.87', '−.30', '1.00')
    """
    return f"{number:.2f}".replace("0.", ".", 1).replace("-", "−")


def rank_text(row: Mapping[Any, Any], prefix: str = "second_") -> str:
    """A rank, with the places it may have."""
    low, high = row[f"{prefix}rank_low"], row[f"{prefix}rank_high"]
    return f"{row[f'{prefix}rank']}" + (f" ({low}-{high})" if low != high else "")


def beside(frame: pd.DataFrame, opinion: Opinion | None, level: float) -> pd.DataFrame:
    """A table of the first opinion's players in their order, with the second opinion's columns."""
    return frame if opinion is None else frame.assign(**opinion.columns(level))
