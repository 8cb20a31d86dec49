"""What one seed of a run works on: passed whole to studies, commands and baselines."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool

from davinz_jax import Dataset, Ingredients, Parties
from davinz_jax.types import PRNGKey, Progress


@dataclass(frozen=True)
class Rows:
    """Data as it was loaded, shared out, and perhaps spoilt.

    Attributes:
        dataset: the rows in use, and their validation set.
        parties: who holds which row.
        corrupted: whether a row was changed on purpose.
    """

    dataset: Dataset
    parties: Parties
    corrupted: Bool[np.ndarray, " n"]


@dataclass(frozen=True)
class Context(Rows):
    """Rows with everything that values of them may be made of.

    Attributes:
        keys: one random key a purpose, see `compose.STREAMS`.
        ingredients: kernels of the rows, each computed when it is first asked for; its `parties`
            are the players, which are single rows where rows are valued.
        progress: told steps done, steps in all, and the stage.
        checkpoint: file that sampling goes on from, if there, and keeps its state in.
    """

    keys: Mapping[str, PRNGKey]
    ingredients: Ingredients
    progress: Progress
    checkpoint: Path | None = None
