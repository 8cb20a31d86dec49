"""Results of earlier runs, read back from their folders."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from davinz_jax.data import Parties
from davinz_jax.semivalues import Valuation
from experiments.runtime import outputs
from experiments.runtime.errors import InputError
from experiments.runtime.outputs import RESULT, VALUATION, VALUES


def result(folder: Path) -> dict[str, Any]:
    """What result.json of a run holds.

    Raises:
        InputError: if the folder holds no finished run.
    """
    path = folder / RESULT
    if not path.is_file():
        raise InputError(
            f"run: wanted the folder of a finished run, got {folder} without {RESULT}; "
            "name the folder that experiments.value wrote to"
        )
    return outputs.read_result(path)


def valuation(folder: Path, *, by_party: bool = False) -> Valuation:
    """The valuation of a run; of rows, summed by party if asked for.

    Raises:
        InputError: if the folder holds no finished run, or sums are asked of valued parties.
    """
    result(folder)
    values = Valuation.load(folder / VALUATION)
    if not by_party:
        return values
    frame = pd.read_csv(folder / VALUES)
    if "party" not in frame:
        raise InputError(
            f"by_party: wanted a run of players=rows, got one of parties in {folder}; "
            "leave by_party out"
        )
    owner = frame.set_index("player")["party"].astype(str).loc[list(values.players)]
    return values.sum_by_party(Parties.from_names(np.asarray(owner, dtype=str)))
