"""Results of earlier runs, read back from their folders; its files must say the same."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from davinz_jax.data import Parties
from davinz_jax.semivalues import Valuation
from davinz_jax.semivalues.archive import plain
from experiments.runtime import outputs
from experiments.runtime.errors import InputError
from experiments.runtime.foreign import uncell
from experiments.runtime.outputs import RESULT, VALUATION, VALUES

TOLERANCE = 1e-9
"""Relative difference that a program which reads and writes a table may make."""


def result(folder: Path) -> dict[str, Any]:
    """What result.json of a run holds.

    Raises:
        InputError: if the folder holds no finished run, or the file is damaged.
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
        InputError: if the folder holds no finished run, its files say different things, or sums
            are asked of valued parties.
    """
    content, values = result(folder), Valuation.load(folder / VALUATION)
    frame = _read_values(folder / VALUES)
    differing = next(_differences(content, values, frame), None)
    if differing is not None:
        raise InputError(
            f"run: wanted {RESULT}, {VALUES} and {VALUATION} that say the same, got another "
            f"{differing} in {folder}; restore the files from a copy, or value anew"
        )
    if not by_party:
        return values
    if "party" not in frame:
        raise InputError(
            f"by_party: wanted a run of players=rows, got one of parties in {folder}; "
            "leave by_party out"
        )
    return values.sum_by_party(_owners(frame, values))


def _read_values(path: Path) -> pd.DataFrame:
    """The table of values as text, by player."""
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
        return frame.rename(columns=uncell).map(uncell).set_index("player")
    except (ValueError, KeyError) as error:
        raise _damaged(path, str(error)) from error


def _damaged(path: Path, got: str) -> InputError:
    return InputError(
        f"{path}: wanted what a finished run wrote, got a damaged file ({got}); restore it from a "
        "copy, or run anew"
    )


def _differences(content: dict[str, Any], values: Valuation, frame: pd.DataFrame) -> Iterator[str]:
    """What the files of a run say differently, first of all who is valued."""
    wanted = pd.DataFrame(
        {"value": values.values, "num_rows": values.num_rows}
        | dict(zip(values.terms, values.term_values, strict=True)),
        index=pd.Index(values.players, name="player"),
    )
    records = pd.DataFrame(content.get("players", [])).rename(columns={"name": "player"})
    for file, found in ((RESULT, records), (VALUES, frame.reset_index())):
        where = _place_of_difference(wanted, found)
        if where:
            yield f"{where} in {file} than in {VALUATION}"
    if content.get("utility") != plain(values.description.get("utility")):
        yield f"utility in {RESULT} than in {VALUATION}"
    if "party" in frame:
        sums = values.sum_by_party(_owners(frame, values))
        named = {each["name"]: each["value"] for each in content["parties_as_sum_of_rows"]}
        told = [named.get(name, np.nan) for name in sums.players]
        if not np.allclose(told, sums.values, rtol=TOLERANCE, atol=1e-12):
            yield f"party of a row in {VALUES} than in {RESULT}"


def _place_of_difference(wanted: pd.DataFrame, found: pd.DataFrame) -> str:
    """Name of the first entry that differs; empty where none does."""
    if "player" not in found or sorted(found["player"]) != sorted(wanted.index):
        return "list of players"
    found = found.set_index("player").loc[wanted.index]
    for column in wanted:
        told = pd.to_numeric(found.get(column, pd.Series(np.nan, found.index)), errors="coerce")
        same = np.isclose(wanted[column].to_numpy(), np.asarray(told), rtol=TOLERANCE, atol=0)
        if not same.all():
            return f"{column} of {wanted.index[int(np.argmin(same))]}"
    return ""


def _owners(frame: pd.DataFrame, values: Valuation) -> Parties:
    """The party of each row that was valued."""
    owner = frame["party"].loc[list(values.players)]
    return Parties.from_names(np.asarray(owner, dtype=str))
