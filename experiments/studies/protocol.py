"""The authors' choices one by one: an experiment's number by our protocol, and with the choice."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from omegaconf import DictConfig

from davinz_jax.files import write_whole
from experiments.report.estimates import IDENTITY
from experiments.report.tables import cell
from experiments.runtime import compose, console, outputs
from experiments.runtime.authors import CHOICES, OURS
from experiments.runtime.errors import InputError, nearest

TABLE = "protocol.csv"


def run(cfg: DictConfig, folder: Path) -> dict[str, Any]:
    """Measure every row; runs that are finished in the folder are taken from there."""
    config = compose.plain(cfg)
    rows = {name: row for name, row in config["rows"].items() if row is not None}
    check_rows(rows)
    records = [measure(name, row, config["overrides"], folder) for name, row in rows.items()]
    content = {
        "experiment": "protocol",
        "rows": records,
        "config": config,
        "versions": outputs.versions(),
    }
    headers = ["choice", "theirs (ours)", "number", "ours", "theirs"]
    cells = [[r["choice"], r["text"], r["number"], r["ours"], r["theirs"]] for r in records]
    console.table("the authors' choices, one at a time", headers, cells)
    files = {
        TABLE: outputs.csv_writer(pd.DataFrame(records)),
        outputs.RESULT: outputs.result_writer(content),
    }
    write_whole(folder, files)
    console.say(f"written to {folder}: {', '.join(files)}")
    return content


def check_rows(rows: Mapping[str, Any]) -> None:
    """Refuse rows of choices that there are not.

    Raises:
        InputError: naming the nearest.
    """
    for name in rows:
        if name not in CHOICES:
            raise InputError(f"rows: unknown choice {name!r}; {nearest(name, CHOICES)}")


def measure(
    name: str, row: Mapping[str, Any], overrides: Sequence[str], folder: Path
) -> dict[str, Any]:
    """One row of the table: the number by our protocol and with the choice, with intervals.

    Args:
        name: of the choice.
        row: the command, its overrides, and statistic, subject and against of the number.
        overrides: further ones, of every run.
        folder: of all runs.
    """
    found = {}
    for protocol in (OURS, name):
        given = [*row["overrides"], *overrides]
        own = folder / f"{name}-{protocol}"
        run_experiment(row["command"], [*given, f"protocol={protocol}"], own)
        found[protocol] = number_of(outputs.read_result(own / outputs.RESULT), row)
    number = f"{row['command']}: " + " ".join(row[each] for each in IDENTITY if row[each])
    return {
        "choice": name,
        "text": CHOICES[name].text,
        "number": number,
        "ours": as_text(found[OURS]),
        "theirs": as_text(found[name]),
        "ours_each": found[OURS]["each"],
        "theirs_each": found[name]["each"],
    }


def run_experiment(command: str, overrides: Sequence[str], folder: Path) -> None:
    """Run a command in a process of its own, unless its folder holds the result.

    Raises:
        InputError: with what it said, if it fails.
    """
    words = [sys.executable, "-m", f"experiments.{command}", *overrides]
    words += [f"hydra.run.dir={folder}", "skip_finished=true"]
    console.say(" ".join(words[2:]))
    ended = subprocess.run(words, capture_output=True, text=True, check=False)
    if ended.returncode:
        last = (ended.stderr or ended.stdout).strip().splitlines()[-1:]
        raise InputError(f"{command}: wanted it to end well, got {last}; run it by itself")


def number_of(content: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    """The estimate that a row is about.

    Raises:
        InputError: if the result has none such.
    """
    for record in content["estimates"]:
        if all(record[each] == row[each] for each in IDENTITY):
            return record
    wanted = " ".join(str(row[each]) for each in IDENTITY)
    raise InputError(f"rows: wanted the number {wanted!r} in the result, got none; name another")


def as_text(record: Mapping[str, Any]) -> str:
    """Mean with its interval."""
    limits = (
        f" [{cell(record['low'])}, {cell(record['high'])}]" if record["low"] is not None else ""
    )
    return f"{cell(record['mean'])}{limits}"
