"""The paper's claims as statements on numbers: each holds, does not, or is undecided.

A statement is of a number, or of the difference of two in the same seed and data, and of the side
of zero on which it should be. It holds where the whole interval over seeds is on that side, it does
not where the whole interval is on the other, and else it is undecided.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from experiments.report.estimates import GIVEN_SIZE, Estimates, OverSeeds, over_seeds
from experiments.studies.reproduce.kept import Kept, largest

Decision = Literal["holds", "does not hold", "undecided"]
Key = tuple[str, str]
"""Statistic and subject."""

PAIRS = "all pairs"


@dataclass(frozen=True)
class Statement:
    """A claim in our words.

    Attributes:
        claim: the sentence.
        experiment: the command that decides it.
        number: statistic and subject.
        than: those of a number that it should exceed; None for zero.
        against: what both are held against: the first of these that there is, or any.
        sign: 1 if the number should be above, −1 if below.
    """

    claim: str
    experiment: str
    number: Key
    than: Key | None = None
    against: Sequence[str] = ()
    sign: int = 1

    def measure(self, estimates: Estimates) -> OverSeeds | None:
        """The number, or the difference; None where the run has no such number."""
        against = self._against(estimates)
        if against is None or not estimates.has(*self.number, against):
            return None
        own = estimates.get(*self.number, against)
        if self.than is None:
            return own
        if not estimates.has(*self.than, against):
            return None
        return _difference(own, estimates.get(*self.than, against), estimates.level)

    def _against(self, estimates: Estimates) -> str | None:
        same = [a for statistic, subject, a in estimates.identities
                if (statistic, subject) == self.number]  # fmt: skip
        wanted = [a for a in self.against if a in same] if self.against else same
        return wanted[0] if wanted else None


def _difference(first: OverSeeds, second: OverSeeds, level: float) -> OverSeeds:
    """Mean difference over the seeds in which both are defined."""
    pairs = [(np.nan if a is None else a, np.nan if b is None else b)
             for a, b in zip(first.each, second.each, strict=True)]  # fmt: skip
    return over_seeds([a - b for a, b in pairs], level=level)


def decide(found: OverSeeds, sign: int) -> Decision:
    """Whether a number is on its side of zero, its whole interval with it."""
    if found.mean is None or found.low is None or found.high is None:
        return "undecided"
    nearest, furthest = sorted(sign * x for x in (found.low, found.high))
    if nearest > 0:
        return "holds"
    return "does not hold" if furthest < 0 else "undecided"


@dataclass(frozen=True)
class Decided:
    """A statement with what a kept result says of it.

    Attributes:
        statement: the claim.
        kept: the result.
        number: what was measured.
        decision: whether it holds.
    """

    statement: Statement
    kept: Kept
    number: OverSeeds
    decision: Decision


def find(found: Mapping[str, Kept]) -> list[Decided]:
    """What the largest results of each kind say of every statement, in the statements' order."""
    return [finding for statement in STATEMENTS for finding in _of(statement, largest(found))]


def _of(statement: Statement, results: Sequence[Kept]) -> Iterator[Decided]:
    for kept in results:
        if kept.experiment == statement.experiment:
            number = statement.measure(kept.estimates)
            if number is not None:
                yield Decided(statement, kept, number, decide(number, statement.sign))


TRAINED = ("accuracy", "minus_loss")
RETRAINED = ("accuracy", "loss")
STATEMENTS = (
    Statement("a party's ν rises with its size", "data_quantity", ("spearman", "value")),
    Statement("a party's ν rises with its share of the validation set's domain",
              "data_preference", ("spearman", "value")),
    Statement("the in-domain part of ν rises with it too", "data_preference",
              ("spearman", "complexity")),
    Statement("a party's ν falls with noise in its inputs", "noise_stability",
              ("spearman", "value"), sign=-1),
    Statement("networks rank parties alike by ν", "model_robustness", ("spearman", "value"),
              against=(PAIRS,)),
    Statement("networks rank parties alike by the part that sees them", "model_robustness",
              ("spearman", "complexity"), against=(PAIRS,)),
    Statement("ν (label) tracks what trained networks achieve", "correlation",
              ("spearman", "nu_label"), against=TRAINED),
    Statement("ν (scalar) tracks what trained networks achieve", "correlation",
              ("spearman", "nu_scalar"), against=TRAINED),
    Statement("ν (trace) tracks what trained networks achieve", "correlation",
              ("spearman", "nu_trace"), against=TRAINED),
    Statement("ν (label) tracks it better than the logarithm of the size", "correlation",
              ("spearman", "nu_label"), ("spearman", "log_size"), against=TRAINED),
    Statement("ν (scalar) tracks it better than the logarithm of the size", "correlation",
              ("spearman", "nu_scalar"), ("spearman", "log_size"), against=TRAINED),
    Statement("ν (label) tracks it at a given size", "correlation", (GIVEN_SIZE, "nu_label"),
              against=TRAINED),
    Statement("ν (scalar) tracks it at a given size", "correlation", (GIVEN_SIZE, "nu_scalar"),
              against=TRAINED),
    Statement("kernel regression (−MSE) tracks it better than ν (label)", "correlation",
              ("spearman", "kernel_regression_mse"), ("spearman", "nu_label"), against=TRAINED),
    Statement("DAVINZ's values agree with retraining", "comparison", ("pearson", "davinz"),
              against=RETRAINED),
    Statement("DAVINZ agrees with it better than MMD alone", "comparison", ("pearson", "davinz"),
              ("pearson", "mmd_alone"), against=RETRAINED),
    Statement("DAVINZ agrees with it better than the class's share", "comparison",
              ("pearson", "davinz"), ("pearson", "class_share"), against=RETRAINED),
    Statement("DAVINZ agrees with it better than robust volume", "comparison",
              ("pearson", "davinz"), ("pearson", "robust_volume"), against=RETRAINED),
    Statement("DAVINZ agrees with it better than influence functions (LiSSA)", "comparison",
              ("pearson", "davinz"), ("pearson", "influence_lissa"), against=RETRAINED),
    Statement("DAVINZ agrees with it as well as VP, which retrains, or better", "comparison",
              ("pearson", "davinz"), ("pearson", "validation_performance"), against=RETRAINED),
)  # fmt: skip
"""What the page decides."""
