"""Whether values rise along a sequence, as the property experiments ask."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Num

from davinz_jax.evaluation.correlation import spearman


@dataclass(frozen=True)
class Monotonicity:
    """How far a sequence rises.

    Attributes:
        spearman: rank correlation with the position: 1 rising, -1 falling throughout; NaN for
            a constant sequence.
        num_inversions: pairs of which the later is the smaller.
        num_pairs: all pairs.
    """

    spearman: float
    num_inversions: int
    num_pairs: int


def monotonicity(values: Num[np.ndarray, " p"]) -> Monotonicity:
    """How far values rise along their order; negate them to ask whether they fall.

    >>> monotonicity(np.array([1.0, 3.0, 2.0, 4.0])).num_inversions
    1
    """
    later, earlier = np.tril_indices(len(values), -1)
    inversions = int((values[later] < values[earlier]).sum())
    return Monotonicity(spearman(np.arange(len(values)), values), inversions, len(later))
