"""A call of a plan: what it lists is estimated, ordered, run within the time, and kept."""

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from experiments.runtime import claims, compose, console, outputs
from experiments.runtime.errors import InputError
from experiments.studies.reproduce import kept, page, speeds
from experiments.studies.reproduce.folders import JobFolder
from experiments.studies.reproduce.jobs import Job, read_jobs
from experiments.studies.reproduce.record import FILE, Entry, Record, read_record
from experiments.studies.reproduce.schedule import Schedule, duration

REHEARSAL = "rehearsal"
"""Folder of a plan's tiny sizes, within the plan's."""


def run(cfg: DictConfig, folder: Path) -> dict[str, Any]:
    """Do what a plan lists, as far as the time goes; gives what plan.json holds."""
    began = time.monotonic()
    check(cfg)
    jobs = read_jobs(compose.plain(cfg)["plan"], rehearse=cfg.rehearse)
    folder = folder / REHEARSAL if cfg.rehearse else folder
    if cfg.list:
        return print_commands(jobs, folder)
    with claims.hold(folder):
        record = prepare(jobs, folder)
        show_plan(record)
        deadline = float("inf") if cfg.hours is None else began + 3600 * cfg.hours
        folders = {job.name: JobFolder(job, folder / job.name) for job in jobs}
        Schedule(record, folders, cfg.jobs, deadline).run()
        show_end(record, folder)
        if cfg.keep:
            keep(record, folders)
        return record.content()


def keep(record: Record, folders: Mapping[str, JobFolder]) -> None:
    """Keep what is finished, and make the page of all that is kept."""
    found = [name for name in folders if kept.keep(folders[name], record.entries[name])]
    page.main()
    console.say(f"kept {len(found)} results in {kept.FOLDER}; {page.PAGE.name} is made of them")


def check(cfg: DictConfig) -> None:
    """Refuse options that no call can be made of.

    Raises:
        InputError: naming the first.
    """
    if cfg.hours is not None and not 0 < cfg.hours < float("inf"):
        raise InputError(f"hours: wanted a number above 0, got {cfg.hours:g}; leave it out for all")
    if cfg.keep and cfg.rehearse:
        raise InputError("keep: wanted false in a rehearsal, whose numbers say nothing, got true")
    if cfg.jobs < 1:
        raise InputError(f"jobs: wanted at least 1 process, got {cfg.jobs}; 1 is usual")


def print_commands(jobs: list[Job], folder: Path) -> dict[str, Any]:
    """Print each job's command, a line each, in the order in which a plan would begin them."""
    rates = speeds.reference_speeds()
    ordered = sorted(jobs, key=lambda job: -job.worth / speeds.estimate(job.work, rates))
    for job in ordered:
        sys.stdout.write(f"{job.typed(folder / job.name)}\n")
    return {"jobs": [job.name for job in ordered]}


def prepare(jobs: list[Job], folder: Path) -> Record:
    """The record of a plan: what was known of its jobs, with estimates for this machine."""
    known, device = read_record(folder / FILE), outputs.versions()["device"]
    record = Record(folder / FILE, speeds=known.speeds, device=device)
    if known.device != device or not known.speeds:
        console.say("short probes of training, kernel and MMD come first")
        record.speeds = speeds.measure_speeds([job.work for job in jobs])
    entries = {job.name: _entry(job, record, known, folder) for job in jobs}
    record.entries = dict(sorted(entries.items(), key=lambda item: -item[1].worth_an_hour))
    record.write()
    return record


def _entry(job: Job, record: Record, known: Record, folder: Path) -> Entry:
    """A job as it was known, or new; one at work when a call was killed is to be gone on with."""
    seconds = round(speeds.estimate(job.work, record.speeds), 1)
    entry = Entry(seconds, job.worth, job.question, job.typed(folder / job.name))
    before = known.entries.get(job.name)
    if before is not None and before.command == entry.command:
        entry.state = "stopped" if before.state == "running" else before.state
        entry.seconds, entry.calls, entry.finished = before.seconds, before.calls, before.finished
    return entry


def show_plan(record: Record) -> None:
    """Print what is to be done, in its order."""
    console.table(
        f"{len(record.entries)} jobs, {duration(sum(e.estimate for e in record.entries.values()))}",
        ["job", "estimate", "state", "question"],
        [
            [name, duration(entry.estimate), entry.state, entry.question]
            for name, entry in record.entries.items()
        ],
    )


def show_end(record: Record, folder: Path) -> None:
    """Print what was done and what is left."""
    states = [entry.state for entry in record.entries.values()]
    console.say(f"{states.count('finished')} of {len(states)} jobs are finished in {folder}")
    failed = [name for name, entry in record.entries.items() if entry.state == "failed"]
    if failed:
        console.note(f"failed: {', '.join(failed)}; the next call tries them again, after the rest")
    if (ratio := record.accuracy()) is not None:
        console.say(f"time taken is {ratio:.2f} times the estimate (median)")
