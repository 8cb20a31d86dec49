"""Results that are kept in results/experiments: of each job a JSON, its measurements, its figure.

The JSON has what result.json says, with the job's plan and times, the machine and versions, and
without what the configuration and the figure hold at length.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from davinz_jax.files import write_whole
from experiments.report import plots
from experiments.report.estimates import Estimates, numbers_of
from experiments.runtime import outputs
from experiments.studies.base import TABLE
from experiments.studies.reproduce.figures import figure_of
from experiments.studies.reproduce.folders import JobFolder
from experiments.studies.reproduce.record import Entry

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "results" / "experiments"
SIZES = ("smoke", "reduced", "medium", "paper")
"""Sizes of a result, the larger the later."""


@dataclass(frozen=True)
class Kept:
    """A kept result.

    Attributes:
        name: of the job.
        content: of its JSON file.
        measurements: its table; None where it has none.
    """

    name: str
    content: Mapping[str, Any]
    measurements: pd.DataFrame | None

    @property
    def experiment(self) -> str:
        """The command."""
        return self.content["experiment"]

    @property
    def size(self) -> str:
        """One of `SIZES`."""
        named = [size for size in SIZES if size in self.name.split("_")]
        return named[0] if named else "reduced"

    @property
    def topic(self) -> str:
        """The job's name without its size: what several sizes have in common."""
        return "_".join(part for part in self.name.split("_") if part not in SIZES)

    @property
    def estimates(self) -> Estimates:
        """Its numbers, looked up by statistic, subject and against."""
        return Estimates.of(numbers_of(self.content), level=self.content["level"])


def keep(folder: JobFolder, entry: Entry, place: Path = FOLDER) -> bool:
    """Keep a finished job's result; whether it has one to be kept."""
    result, table = folder.read(), folder.path / TABLE
    if result is None or not table.is_file():
        return False
    frame = pd.read_csv(table)
    content = shorten(result) | {"job": folder.job.name, "question": entry.question,
                                 "estimate": entry.estimate, "took": entry.seconds}  # fmt: skip
    name = folder.job.name
    kept = Kept(name, content, frame)
    files = {f"{name}.csv": outputs.csv_writer(frame)}
    if (figure := figure_of(kept.experiment, frame, kept.estimates)) is not None:
        files[f"{name}.png"] = partial(plots.save, figure)
    write_whole(place, files | {f"{name}.json": outputs.result_writer(content)})
    return True


def shorten(result: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of a result.json: all but its configuration, of which the level stays."""
    left = {key: value for key, value in result.items() if key != "config"}
    return left | {"level": result["config"]["level"]}


def read_kept(place: Path = FOLDER) -> dict[str, Kept]:
    """All kept results, by job."""
    return {kept.name: kept for kept in _read(place)}


def _read(place: Path) -> Iterator[Kept]:
    for path in sorted(place.glob("*.json")):
        table = path.with_suffix(".csv")
        frame = pd.read_csv(table) if table.is_file() else None
        yield Kept(path.stem, outputs.read_result(path), frame)


def largest(found: Mapping[str, Kept]) -> list[Kept]:
    """The largest size of each topic; smoke only where its experiment has nothing larger."""
    best: dict[str, Kept] = {}
    for kept in found.values():
        before = best.get(kept.topic)
        if before is None or SIZES.index(kept.size) > SIZES.index(before.size):
            best[kept.topic] = kept
    serious = {kept.experiment for kept in best.values() if kept.size != "smoke"}
    return [k for k in best.values() if k.size != "smoke" or k.experiment not in serious]
