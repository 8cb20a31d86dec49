"""The rule by which a score is believed.

First, networks must have something to say. Those trained on random rows as they are must tell the
targets of test rows beyond label frequencies (`skill`), by more than three times the error that
labels dealt at random would have; and a second training of the sets must order them as the first
does, beyond chance. Else nothing can be believed, whatever a score correlates with: where labels
are random, what a set makes of its label frequencies still moves the accuracy, and scores see it.
For the same reason, a score must order sets by that skill too, beyond chance.

Then the lower limit of the score's Spearman correlation with the accuracy of trained networks
decides. From .7, of two sets drawn at random three in four come in the networks' order. From .3, of
a set of the best fifth and one of the worst fifth by the score, three in four do. Both are of
scores and accuracies that are jointly normal after a monotone change of each.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from experiments.studies.trust.skill import Skill

BELIEVE = 0.7
"""Lower limit from which any order is believed."""

FAR_APART = 0.3
"""Lower limit from which the order of far-apart players is believed."""

LEAST_SETS = 10
"""Sets below which a bootstrap of sets says nothing."""

LEAST_DEVIATIONS = 3.0
"""Errors of chance that skill must exceed; labels dealt at random do once in 700 times."""


class Verdict(StrEnum):
    """How far a score is to be believed."""

    believe = "believe"
    far_apart = "far_apart"
    do_not_use = "do_not_use"


ADVICE = {
    Verdict.believe: "believe it",
    Verdict.far_apart: "believe the order of far-apart players only",
    Verdict.do_not_use: "do not use it",
}
"""What each verdict says."""

BRIEF = {
    Verdict.believe: "believe",
    Verdict.far_apart: "far-apart only",
    Verdict.do_not_use: "do not use",
}
"""The same in a table."""


@dataclass(frozen=True)
class Ground:
    """What the networks themselves show, before any score is looked at.

    Attributes:
        skill: mean over networks trained on random rows as they are.
        error: mean of its errors, which is no less than the error of the mean.
        again: Spearman of a second training of the sets with the first, and its limits.
    """

    skill: float
    error: float
    again: Sequence[float]

    @classmethod
    def of(cls, skills: Sequence[Skill], again: Sequence[float]) -> "Ground":
        """What networks trained on random rows show."""
        values, errors = ([getattr(each, name) for each in skills] for name in ("value", "error"))
        return cls(float(np.mean(values)), float(np.mean(errors)), again)

    @property
    def learns(self) -> bool:
        """Whether networks tell targets beyond label frequencies."""
        return self.skill > LEAST_DEVIATIONS * self.error

    @property
    def repeats(self) -> bool:
        """Whether a second training orders sets as the first does."""
        return self.again[1] > 0


def judge(spearman: Sequence[float], beyond: Sequence[float], ground: Ground) -> Verdict:
    """The verdict on a score.

    Args:
        spearman: correlation with the accuracy of trained networks, and its lower and upper limit.
        beyond: the same with their skill.
        ground: what the networks show.

    >>> firm = Ground(skill=0.3, error=0.05, again=(0.9, 0.8, 1.0))
    >>> [str(judge((0.9, low, 1.0), (0.8, 0.6, 0.9), firm)) for low in (0.7, 0.69, 0.3, 0.29)]
    ['believe', 'far_apart', 'far_apart', 'do_not_use']
    >>> str(judge((0.9, 0.8, 1.0), (0.8, 0.6, 0.9), Ground(0.1, 0.05, (0.9, 0.8, 1.0))))
    'do_not_use'
    """
    low = spearman[1]
    if not (ground.learns and ground.repeats) or beyond[1] <= 0 or low < FAR_APART:
        return Verdict.do_not_use
    return Verdict.believe if low >= BELIEVE else Verdict.far_apart
