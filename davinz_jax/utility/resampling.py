"""The draw of the validation set as a source of error: resamples of its rows, in the algebra.

The rows that a coalition is judged on are a sample. Drawn again with replacement (Efron's
bootstrap), a row counts 0, 1, 2, ... times; every utility that knows its rows answers for b such
draws at once, from what it computed for its own, and semivalues, which are linear in utilities,
carry the answers through. The same draws serve all coalitions and all terms, so that differences
of players are paired.

`utility.with_resamples()` is a utility whose answers (t, i + b, ...) hold, after the
initialisations, the mean over initialisations under each resample.
"""

from dataclasses import dataclass
from functools import cached_property

import jax
import numpy as np
from jaxtyping import Float, Int

from davinz_jax.types import PRNGKey, Utility

NUM_RESAMPLES = 100
"""Resamples by default: the error itself is then known to 7 %, as from a hundred rows."""


@dataclass(frozen=True)
class Resampling:
    """What the resamples of a utility's answers stand for.

    Attributes:
        num: b, resamples.
        degrees: of freedom of a variance over them: b draws of m rows, 1/(1/b + 1/(m − 1)).
        inflation: m/(m − 1), what a variance over resamples falls short by.
        floor: variance that resamples cannot see, where one row changes a value by steps: that of
            two more rows that changed it by a whole step.

    References:
        Agresti & Min 2005 (`agresti2005simple`): two more observations for a paired difference.
    """

    num: int
    degrees: float
    inflation: float = 1.0
    floor: float = 0.0


@dataclass(frozen=True)
class Resamples:
    """Draws with replacement of the m rows of a validation set.

    Attributes:
        weights: times each row is drawn, b draws; a draw's weights add up to m.
    """

    weights: Float[np.ndarray, "b m"]

    @property
    def num(self) -> int:
        """Resamples."""
        return len(self.weights)

    @cached_property
    def rows(self) -> Int[np.ndarray, "b m"]:
        """The rows of each draw, each as often as it was drawn."""
        every = np.arange(self.weights.shape[1])
        return np.stack([np.repeat(every, w.astype(np.int64)) for w in self.weights])

    def resampling(self, *, step: float = 0.0) -> Resampling:
        """What they stand for.

        Args:
            step: most by which one row may change m times the utility, where scores take few
                values (1 for hits); 0 where every row changes it a little.
        """
        num_rows = self.weights.shape[1]
        degrees = 1 / (1 / self.num + 1 / (num_rows - 1))
        floor = 2 * (step / num_rows) ** 2
        return Resampling(self.num, degrees, num_rows / (num_rows - 1), floor)


def draw_resamples(num_rows: int, num: int = NUM_RESAMPLES, *, key: PRNGKey) -> Resamples | None:
    """Draws of a validation set; None for none, or for a single row, whose draws are all alike.

    Args:
        num_rows: m.
        num: b.
        key: draws them.

    References:
        Efron 1979 (`efron1979bootstrap`).
    """
    if num < 1 or num_rows < 2:
        return None
    drawn = np.asarray(jax.random.randint(key, (num, num_rows), 0, num_rows))
    return Resamples(np.stack([np.bincount(row, minlength=num_rows) for row in drawn]) * 1.0)


def check_resamples(resamples: Resamples | None, num_rows: int) -> None:
    """Raise ValueError unless draws are of as many rows as there are."""
    if resamples is not None and resamples.weights.shape[1] != num_rows:
        raise ValueError(
            f"resamples: wanted draws of {num_rows} validation rows, got draws of "
            f"{resamples.weights.shape[1]}; draw them with draw_resamples({num_rows}, key=...)"
        )


def with_resamples(utility: Utility) -> Utility:
    """The utility with its answers under resamples of its validation set, if it knows any."""
    make = getattr(utility, "with_resamples", None)
    return utility if make is None else make()


def resampling_of(utility: Utility) -> Resampling | None:
    """What resamples are in a utility's answers, if any."""
    return getattr(utility, "resampling", None)
