"""Plans of small jobs, `pieces.py`, in a process of their own or in this one."""

import os
import sys
from pathlib import Path

import pytest

from experiments.studies.reproduce.folders import JobFolder
from experiments.studies.reproduce.jobs import Job, Work
from experiments.studies.reproduce.record import Entry, Record
from experiments.studies.reproduce.schedule import Schedule

HERE = Path(__file__).parent
ROOT = Path(__file__).parents[4]


@pytest.fixture
def pieces_path(monkeypatch):
    """Let processes find `pieces`."""
    places = [str(HERE), str(ROOT), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(places))


@pytest.fixture
def make_schedule(tmp_path, pieces_path):
    """A call of a plan: arguments of each job, by name, and its estimate in seconds."""

    def make(jobs, *, estimates=None, seconds=float("inf"), num=1):
        record = Record(tmp_path / "plan.json")
        folders = {}
        for name, arguments in jobs.items():
            job = Job(name, "pieces", tuple(arguments), "why?", 1.0, Work())
            estimate = (estimates or {}).get(name, 1.0)
            record.entries[name] = Entry(estimate, 1.0, "why?", job.typed(tmp_path / name))
            folders[name] = JobFolder(job, tmp_path / name)
        made = Schedule(record, folders, num, 0.0)
        made.deadline = made.clock() + seconds
        return made

    return make


@pytest.fixture
def count_pieces(tmp_path):
    """Times that each piece of a job was done."""

    def count(name):
        numbers = [int(path.name.split("-")[1]) for path in (tmp_path / name).glob("piece-*")]
        return {number: numbers.count(number) for number in numbers}

    return count


@pytest.fixture
def python():
    """This interpreter."""
    return sys.executable
