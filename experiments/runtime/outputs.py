"""What a run leaves in its folder: written whole or not at all, with all that reproduces it."""

import json
import math
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from davinz_jax.files import Writer, read_json, sealed, write_whole
from davinz_jax.versions import versions as library_versions
from experiments.runtime.errors import InputError
from experiments.runtime.foreign import cell
from experiments.runtime.jobs import overrides

if TYPE_CHECKING:
    import pandas as pd

RESULT = "result.json"
FAILURE = "failure.json"
VALUATION = "valuation.npz"
VALUES = "values.csv"
_WANTED = "the result that a command wrote"
_REMEDY = "restore it from a copy, or run the command again"


def json_writer(content: Mapping[str, Any]) -> Writer:
    """A writer of one JSON file that refuses NaN and infinite numbers."""
    return text_writer(
        json.dumps(_refuse_infinite(content, ""), indent=1, allow_nan=False, default=str) + "\n"
    )


def result_writer(content: Mapping[str, Any]) -> Writer:
    """A writer of result.json: the content and a seal, by which `read_result` knows it again."""
    plain = json.loads(json.dumps(_refuse_infinite(content, ""), allow_nan=False, default=str))
    return json_writer(sealed(plain))


def read_result(path: Path) -> dict[str, Any]:
    """What `result_writer` wrote.

    Args:
        path: the file; one without a seal is taken as it is.

    Raises:
        ValueError: if the file is damaged, or was changed after it was written.
    """
    content = read_json(path, wanted=_WANTED, remedy=_REMEDY, parse_constant=_refuse_constant)
    if not isinstance(content, dict):
        kind = type(content).__name__
        raise InputError(f"{path}: wanted {_WANTED}, got a {kind}; {_REMEDY}")
    return content


def read_piece(path: Path) -> Any:
    """A part of a result that a study keeps, so that its next run goes on from there.

    Raises:
        ValueError: if the file is damaged, or was changed after it was written.
    """
    remedy = "delete it, and the next run finds it anew"
    return read_json(path, wanted="a part of a result that was kept", remedy=remedy)


def _refuse_constant(text: str) -> None:
    raise ValueError(f"{text} is no number")


def text_writer(text: str) -> Writer:
    """A writer of one text file."""

    def write(path: Path) -> None:
        path.write_text(text)

    return write


def csv_writer(frame: "pd.DataFrame") -> Writer:
    """A writer of one table for people, without its index: no text in it is a formula."""
    harmless = frame.rename(columns=cell)
    for place, kind in enumerate(frame.dtypes):
        if kind.kind not in "biuf":
            harmless.isetitem(place, frame.iloc[:, place].map(cell))
    return data_writer(harmless)


def data_writer(frame: "pd.DataFrame") -> Writer:
    """A writer of one table for programs, without its index: every cell as it is."""

    def write(path: Path) -> None:
        frame.to_csv(path, index=False)

    return write


def write_failure(folder: Path, error: BaseException) -> None:
    """Record why a job of a sweep failed, so that a collected table can show it."""
    content = {
        "error": type(error).__name__,
        "message": str(error),
        "overrides": overrides(),
    }
    write_whole(folder, {FAILURE: json_writer(content)})


def versions() -> dict[str, str]:
    """Versions of what a number depends on, the device, and the commit where there is one."""
    import jax

    device = jax.devices()[0]
    return library_versions() | {
        "device": f"{device.device_kind} ({device.platform}), {os.cpu_count()} CPU cores",
        "commit": commit(),
    }


def commit() -> str:
    """The checkout's commit, marked + where files differ from it; "unknown" outside a checkout."""
    here = Path(__file__).resolve().parents[2]
    if not (here / ".git").exists():  # installed, perhaps below somebody else's checkout
        return "unknown"
    try:
        name = _git(here, "rev-parse", "--short=12", "HEAD")
        return name + ("+" if _git(here, "status", "--porcelain", "-uno") else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _git(folder: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=folder, capture_output=True, text=True, check=True
    ).stdout.strip()


def _refuse_infinite(value: Any, where: str) -> Any:
    """Refuse numbers that JSON cannot hold, naming where they stand."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(key): _refuse_infinite(item, f"{where}.{key}") for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_refuse_infinite(item, f"{where}[{index}]") for index, item in enumerate(value)]
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"result{where}: wanted a finite number, got {value}; nothing was written")
    return value
