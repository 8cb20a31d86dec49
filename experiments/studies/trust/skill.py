"""What of a network's accuracy is beyond what label frequencies alone bring, and its error.

Let a network give class k to a share q_k of m test rows, of which a share p_k is of class k. If
labels were dealt to the rows at random, its accuracy would be Σ q_k p_k in the mean, with variance

    (Σ q p − Σ q p² − Σ q² p + (Σ q p)²) / (m − 1),

that of a sum over a random permutation whose summand is 1 where class and label agree. Numbers have
their correlation with the targets: 0 in the mean under random targets, with variance 1 / (m − 1).
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int, Num

from davinz_jax.types import Task

BEYOND: dict[Task, str] = {
    "classification": "accuracy beyond what label frequencies bring",
    "regression": "correlation with the targets",
}
"""What skill is, in words."""


@dataclass(frozen=True)
class Skill:
    """How far a network tells targets apart.

    Attributes:
        value: accuracy less that of random labels; of numbers, the correlation.
        error: standard deviation of it, were the targets dealt to the rows at random.
    """

    value: float
    error: float


def measure_skill(
    predicted: Num[np.ndarray, " m"], targets: Num[np.ndarray, " _"], task: Task
) -> Skill:
    """The skill of predictions.

    Args:
        predicted: a class or number of each test row.
        targets: of the rows; there are as many.
        task: what targets are.

    >>> measure_skill(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 1]), "classification").value
    0.5
    >>> measure_skill(np.array([1, 1, 1, 1]), np.array([0, 0, 1, 1]), "classification")
    Skill(value=0.0, error=0.0)
    """
    if task == "classification":
        return _skill_of_classes(predicted.astype(np.int64), targets.astype(np.int64))
    if len(targets) < 2 or np.ptp(predicted) == 0 or np.ptp(targets) == 0:
        return Skill(0.0, 0.0)
    return Skill(float(np.corrcoef(predicted, targets)[0, 1]), (len(targets) - 1) ** -0.5)


def _skill_of_classes(predicted: Int[np.ndarray, " m"], targets: Int[np.ndarray, " _"]) -> Skill:
    if np.ptp(predicted) == 0 or np.ptp(targets) == 0:
        return Skill(0.0, 0.0)
    number = max(predicted.max(), targets.max()) + 1
    given, own = (np.bincount(x, minlength=number) / len(x) for x in (predicted, targets))
    chance = float((given * own).sum())
    spread = chance - (given * own**2).sum() - (given**2 * own).sum() + chance**2
    error = float(np.sqrt(max(spread, 0.0) / max(len(targets) - 1, 1)))
    return Skill(float((predicted == targets).mean()) - chance, error)
