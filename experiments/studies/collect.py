"""One table and one figure of a sweep: what `experiments.collect` runs.

Jobs that differ in their seed alone become one line, with means and intervals over all their
seeds, named by the overrides in which they differ from the others (`model=cnn`). A job that
failed, or left no result, is a line of its own that says so. Leaves collected.csv and
collected.png in the sweep's folder.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from davinz_jax.files import is_unfinished, write_whole
from experiments.report import plots
from experiments.report.estimates import IDENTITY, Estimates, Number, OverSeeds, numbers_of
from experiments.report.plots_sweep import sweep_figure
from experiments.runtime import console, outputs, saved
from experiments.runtime.errors import InputError
from experiments.studies.base import check_level

TABLE, FIGURE = "collected.csv", "collected.png"
PER_JOB = ("seed", "seeds", "level", "skip_finished", "checkpoints", "experiment",
           "overwrite", "packages")  # fmt: skip
UNTOLD = {*PER_JOB, "tracking"} - {"experiment"}
"""Overrides that do not tell settings apart."""

COLUMNS = ["setting", "status", *IDENTITY, "mean", "low", "high", "num_seeds", "reason"]
MOST_PANELS = 6
"""Numbers that the figure shows, the first ones; --only chooses others."""


@dataclass(frozen=True)
class Job:
    """One job of a sweep.

    Attributes:
        name: its folder.
        result: what result.json holds; None if the job failed.
        failure: why it failed; empty if it did not.
        overrides: what it was asked, as it was typed.
    """

    name: str
    result: Mapping[str, Any] | None
    failure: str = ""
    overrides: Sequence[str] = ()

    @property
    def options(self) -> dict[str, str]:
        """Dotted option -> value, of what is not particular to the job."""
        if self.result is None:
            return {}
        shared = {k: v for k, v in self.result["config"].items() if k not in PER_JOB}
        return dict(_flatten(shared)) | {"command": _command(self.result)}

    @property
    def told(self) -> dict[str, str]:
        """Option -> value of each override that is not particular to the job, and the command."""
        parts = (text.lstrip("+").partition("=") for text in self.overrides)
        return {key: value for key, _, value in parts if key not in UNTOLD} | {
            "command": self.options.get("command", "")
        }


def run(folder: Path, *, level: float, only: str) -> dict[str, int]:
    """Collect the sweep of a folder, print, and write; how many jobs there were and settings.

    Args:
        folder: of the sweep, e.g. multirun/NAME/TIME.
        level: coverage of the intervals.
        only: shows numbers whose name holds this text.
    """
    check_level(level)
    jobs = read_jobs(folder)
    groups = group(jobs)
    frame = table(groups, [job for job in jobs if job.result is None], level=level)
    show(frame, folder, only)
    writers = {TABLE: outputs.csv_writer(frame)}
    if len(groups):
        writers[FIGURE] = partial(plots.save, _figure(frame, only))
    write_whole(folder, writers)
    console.say(f"written to {folder}: {', '.join(writers)}")
    failed = sum(job.result is None for job in jobs)
    return {"jobs": len(jobs), "failed": failed, "settings": len(groups)}


def read_jobs(folder: Path) -> list[Job]:
    """Every job's folder below a sweep's, also of those that failed.

    Raises:
        InputError: if there is no such folder, or no job in it.
    """
    if not folder.is_dir():
        raise InputError(
            f"DIR: wanted the folder of a sweep, got {folder}, which is none; check the path"
        )
    names = (outputs.RESULT, outputs.FAILURE)
    found = (path for name in names for path in folder.rglob(name))
    places = {path.parent for path in found if not is_unfinished(path.relative_to(folder))}
    places |= {path for path in folder.iterdir() if path.is_dir() and path.name.isdigit()}
    if not places:
        raise InputError(
            f"DIR: wanted jobs with result.json, got none in {folder}; run a sweep (-m)"
        )
    return [_job(place, folder) for place in sorted(places, key=_natural)]


def _job(place: Path, folder: Path) -> Job:
    name = str(place.relative_to(folder))
    result, failure = place / outputs.RESULT, place / outputs.FAILURE
    if failure.is_file():
        content = outputs.read_result(failure)
        reason = f"{content.get('error')}: {content.get('message')}"
        return Job(name, None, reason, content.get("overrides", ()))
    if not result.is_file():
        return Job(name, None, "no result: killed, or still running")
    content = saved.result(place)
    check_numbers(content, result)
    if (place / outputs.VALUATION).is_file():
        saved.valuation(place)
    return Job(name, content, overrides=content.get("overrides", ()))


def check_numbers(content: Mapping[str, Any], path: Path) -> None:
    """Refuse a result that is none of a command's.

    Raises:
        InputError: if it lacks a configuration, or its numbers are none.
    """
    try:
        is_sound = isinstance(content["config"], Mapping) and all(
            isinstance(number.value, int | float) and isinstance(number.subject, str)
            for number in numbers_of(content)
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        is_sound = False
    if not is_sound:
        raise InputError(
            f"{path}: wanted the result that a command wrote, got something else; move its folder "
            "elsewhere, or run that job again"
        )


def _natural(path: Path) -> tuple[bool, int, str]:
    return (not path.name.isdigit(), int(path.name) if path.name.isdigit() else 0, str(path))


def group(jobs: Sequence[Job]) -> list[tuple[str, list[Job]]]:
    """Jobs of the same options but the seed, under the name of their setting."""
    groups: dict[tuple[Any, ...], list[Job]] = {}
    for job in jobs:
        if job.result is not None:
            groups.setdefault(tuple(sorted(job.options.items())), []).append(job)
    return list(
        zip(setting_names([own[0] for own in groups.values()]), groups.values(), strict=True)
    )


def setting_names(settings: Sequence[Job]) -> list[str]:
    """Names of settings, each given by a job of it: the overrides in which they differ.

    Where overrides do not tell all apart, as of results without a record of them, the options of
    the composed configurations do.
    """
    names = differences([job.told for job in settings])
    if len(set(names)) == len(settings):
        return names
    return differences([job.options for job in settings])


def differences(options: Sequence[Mapping[str, str]]) -> list[str]:
    """What each has that not all have; "all" for a single one, "as configured" for what is left.

    >>> differences([{"model": "cnn", "n": "1"}, {"model": "mlp", "n": "1"}, {"n": "1"}])
    ['model=cnn', 'model=mlp', 'as configured']
    """
    keys = dict.fromkeys(key for each in options for key in each)
    varied = [key for key in keys if len({each.get(key) for each in options}) > 1]
    rest = "all" if len(options) == 1 else "as configured"
    named = (" ".join(f"{k}={each[k]}" for k in varied if k in each) for each in options)
    return [name or rest for name in named]


def table(
    groups: Sequence[tuple[str, list[Job]]], failed: Sequence[Job], *, level: float
) -> pd.DataFrame:
    """One line a setting and number, with its interval over seeds; one a failed job."""
    lines = [line for setting, jobs in groups for line in _lines(setting, jobs, level)]
    lines += [
        {"setting": name_failed(job), "status": "failed", "reason": job.failure} for job in failed
    ]
    return pd.DataFrame(lines).reindex(columns=COLUMNS)


def name_failed(job: Job) -> str:
    """A failed job's folder, and what it was asked where that is known."""
    return " ".join([job.name, *job.overrides])


def _lines(setting: str, jobs: Sequence[Job], level: float) -> Iterator[dict[str, Any]]:
    for record in Estimates.of(_gather(jobs), level=level).records():
        num_seeds = sum(number is not None for number in record.pop("each"))
        yield {"setting": setting, "status": "done", **record, "num_seeds": num_seeds}


def _gather(jobs: Sequence[Job]) -> Iterator[Number]:
    """The numbers of all jobs; of two of the same seed, the later one's."""
    results = [job.result for job in jobs if job.result is not None]
    numbers = [number for result in results for number in numbers_of(result)]
    yield from {number._replace(value=0.0): number for number in numbers}.values()


def show(frame: pd.DataFrame, folder: Path, only: str) -> None:
    """Print the table, failures last."""
    done = select(frame, only)
    failed = frame[frame["status"] == "failed"]
    rows = [_cells(line) for line in done.to_dict("records")]
    rows += [["failed", "-", "-", str(job), "-", "-"] for job in failed["setting"]]
    console.table(str(folder), [*IDENTITY, "setting", "mean [interval]", "seeds"], rows)
    for job, reason in zip(failed["setting"], failed["reason"], strict=True):
        console.note(f"job {job} failed: {reason}")


def _cells(line: Mapping[Any, Any]) -> list[str]:
    names = [str(line[column]) for column in (*IDENTITY, "setting")]
    return [*names, str(_estimate(line)), str(int(line["num_seeds"]))]


def select(frame: pd.DataFrame, only: str) -> pd.DataFrame:
    """Lines of jobs that are done, of the numbers whose name holds a text."""
    done: Any = frame[frame["status"] == "done"]
    return done[[only in _name(line) for line in done.to_dict("records")]]


def _name(line: Mapping[Any, Any]) -> str:
    """A number's name: its statistic, its subject, and what that is held against."""
    return " ".join(str(line[column]) for column in IDENTITY if line[column])


def _estimate(line: Mapping[Any, Any]) -> OverSeeds:
    mean, low, high = (
        None if pd.isna(line[k]) else float(line[k]) for k in ("mean", "low", "high")
    )
    return OverSeeds(mean, low, high)


def _figure(frame: pd.DataFrame, only: str) -> Figure:
    panels: dict[str, dict[str, OverSeeds]] = {}
    for line in select(frame, only).to_dict("records"):
        panels.setdefault(_name(line), {})[str(line["setting"])] = _estimate(line)
    if not panels:
        raise InputError(
            f"only: wanted part of a number's name, got {only!r}, which none holds; "
            "leave it out to see all"
        )
    first = dict(list(panels.items())[:MOST_PANELS])
    return sweep_figure(first)


def _flatten(value: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    if not isinstance(value, Mapping):
        yield prefix, json.dumps(value)
        return
    for key, inner in value.items():
        yield from _flatten(inner, f"{prefix}.{key}" if prefix else str(key))


def _command(result: Mapping[str, Any]) -> str:
    return str(result.get("experiment", result.get("method", "")))
