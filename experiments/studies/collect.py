"""One table and one figure of a sweep: what `experiments.collect` runs.

Jobs that differ in their seed alone become one line, with means and intervals over all their
seeds. A job that failed, or left no result, is a line of its own that says so. Leaves collected.csv
and collected.png in the sweep's folder.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from davinz_jax.files import write_whole
from experiments.report import plots
from experiments.report.estimates import (
    CORRELATION,
    CORRELATIONS,
    SHARE,
    UNBOUNDED,
    OverSeeds,
    over_seeds,
)
from experiments.report.plots_studies import estimates_figure
from experiments.runtime import console, outputs
from experiments.runtime.errors import InputError

TABLE, FIGURE = "collected.csv", "collected.png"
PER_JOB = ("seed", "seeds", "level", "skip_finished", "checkpoints", "experiment")
BOUNDS = dict.fromkeys(CORRELATIONS, CORRELATION) | {"ordered": SHARE}


MOST_PANELS = 6
"""Numbers that the figure shows, the first ones; --only chooses others."""


@dataclass(frozen=True)
class Job:
    """One job of a sweep.

    Attributes:
        name: its folder.
        result: what result.json holds; None if the job failed.
        failure: why it failed; empty if it did not.
    """

    name: str
    result: Mapping[str, Any] | None
    failure: str = ""

    @property
    def options(self) -> dict[str, str]:
        """Dotted option -> value, of what is not particular to the job."""
        if self.result is None:
            return {}
        shared = {k: v for k, v in self.result["config"].items() if k not in PER_JOB}
        return dict(_flat(shared)) | {"command": _command(self.result)}


def run(folder: Path, *, level: float, only: str) -> dict[str, int]:
    """Collect the sweep of a folder, print, and write; how many jobs there were and settings.

    Args:
        folder: of the sweep, e.g. multirun/NAME/TIME.
        level: coverage of the intervals.
        only: shows numbers whose name holds this text.
    """
    jobs = read_jobs(folder)
    groups = grouped(jobs)
    frame = table(groups, [job for job in jobs if job.result is None], level=level)
    show(frame, folder, only)
    writers = {TABLE: outputs.csv_writer(frame)}
    done: Any = frame[frame["status"] == "done"]
    if len(done):
        writers[FIGURE] = partial(plots.save, _figure(done, only))
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
        raise InputError(f"DIR: wanted the folder of a sweep, got {folder}, which is none")
    places = {path.parent for path in folder.rglob("result.json")}
    places |= {path.parent for path in folder.rglob("failure.json")}
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
        content = json.loads(failure.read_text())
        return Job(name, None, f"{content['error']}: {content['message']}")
    if not result.is_file():
        return Job(name, None, "no result: killed, or still running")
    return Job(name, json.loads(result.read_text()))


def _natural(path: Path) -> tuple[bool, int, str]:
    return (not path.name.isdigit(), int(path.name) if path.name.isdigit() else 0, str(path))


def grouped(jobs: Sequence[Job]) -> list[tuple[str, list[Job]]]:
    """Jobs of the same options but the seed, under the options in which the groups differ."""
    done = [job for job in jobs if job.result is not None]
    keys = {key for job in done for key in job.options}
    varied = sorted(k for k in keys if len({job.options.get(k) for job in done}) > 1)
    groups: dict[str, list[Job]] = {}
    for job in done:
        named = (f"{key}={job.options[key]}" for key in varied if key in job.options)
        groups.setdefault(" ".join(named) or "all", []).append(job)
    return list(groups.items())


def table(
    groups: Sequence[tuple[str, list[Job]]], failed: Sequence[Job], *, level: float
) -> pd.DataFrame:
    """One line a setting and number, with its interval over seeds; one a failed job."""
    lines = [line for setting, jobs in groups for line in _lines(setting, jobs, level)]
    lines += [{"setting": job.name, "status": "failed", "reason": job.failure} for job in failed]
    columns = ["setting", "status", "number", "mean", "low", "high", "num_seeds", "reason"]
    return pd.DataFrame(lines).reindex(columns=columns)


def _lines(setting: str, jobs: Sequence[Job], level: float):
    gathered: dict[str, dict[tuple[str, Any], float]] = {}
    for job in jobs:
        assert job.result is not None
        for name, by_seed in _numbers(job.result).items():
            gathered.setdefault(name, {}).update(by_seed)
    for name, by_seed in gathered.items():
        found = over_seeds(list(by_seed.values()), level=level, limits=_limits(name))
        yield {
            "setting": setting,
            "status": "done",
            "number": name,
            "mean": found.mean,
            "low": found.low,
            "high": found.high,
            "num_seeds": len(by_seed),
        }


def _numbers(result: Mapping[str, Any]) -> dict[str, dict[Any, float]]:
    """Name -> seed -> number; a valuation's numbers are its players' values."""
    if "estimates" in result:
        return {
            name: {
                seed: float("nan") if x is None else x
                for seed, x in zip(result["seeds"], found["each"], strict=True)
            }
            for name, found in result["estimates"].items()
        }
    seed = result["config"].get("seed")
    return {f"value {row['name']}": {seed: row["value"]} for row in result["players"]}


def _limits(name: str) -> tuple[float, float]:
    found = [limits for word, limits in BOUNDS.items() if word in name]
    return found[0] if found else UNBOUNDED


def show(frame: pd.DataFrame, folder: Path, only: str) -> None:
    """Print the table, failures last."""
    done = _selected(frame[frame["status"] == "done"], only)
    failed = frame[frame["status"] == "failed"]
    rows = [
        [
            str(line["number"]),
            str(line["setting"]),
            str(_estimate(line)),
            str(int(line["num_seeds"])),
        ]
        for line in done.to_dict("records")
    ]
    rows += [["failed", str(job), "-", "-"] for job in failed["setting"]]
    console.table(str(folder), ["number", "setting", "mean [interval]", "seeds"], rows)
    for job, reason in zip(failed["setting"], failed["reason"], strict=True):
        console.note(f"job {job} failed: {reason}")


def _selected(done: Any, only: str) -> Any:
    return done[done["number"].astype(str).str.contains(only, regex=False)]


def _estimate(line: Mapping[Any, Any]) -> OverSeeds:
    mean, low, high = (
        None if pd.isna(line[k]) else float(line[k]) for k in ("mean", "low", "high")
    )
    return OverSeeds(mean, low, high, ())


def _figure(done: Any, only: str):
    groups: dict[str, dict[str, OverSeeds]] = {}
    for line in _selected(done, only).to_dict("records"):
        groups.setdefault(str(line["number"]), {})[str(line["setting"])] = _estimate(line)
    if not groups:
        raise InputError(f"only: wanted part of a number's name, got {only!r}, which none holds")
    first = dict(list(groups.items())[:MOST_PANELS])
    return estimates_figure(first, xlabel="mean and interval", zero=False)


def _flat(value: Any, prefix: str = ""):
    if not isinstance(value, Mapping):
        yield prefix, json.dumps(value)
        return
    for key, inner in value.items():
        yield from _flat(inner, f"{prefix}.{key}" if prefix else str(key))


def _command(result: Mapping[str, Any]) -> str:
    return str(result.get("experiment", result.get("method", "")))
