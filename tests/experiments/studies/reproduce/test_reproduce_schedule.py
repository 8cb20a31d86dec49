"""Jobs in turn, within a time, resumed after whatever ended them; nothing is done twice."""

import random
import signal
import subprocess
import time

import pytest

from experiments.studies.reproduce.record import read_record
from experiments.studies.reproduce.schedule import duration

SCRIPT = """
import sys
from pathlib import Path
from experiments.studies.reproduce.folders import JobFolder
from experiments.studies.reproduce.jobs import Job, Work
from experiments.studies.reproduce.record import Entry, Record
from experiments.studies.reproduce.schedule import Schedule

root = Path(sys.argv[1])
record, folders = Record(root / "plan.json"), {}
for name in "abc":
    job = Job(name, "pieces", ("pieces=8", "seconds=0.06"), "why?", 1.0, Work())
    record.entries[name] = Entry(1.0, 1.0, "why?", name)
    folders[name] = JobFolder(job, root / name)
print("begins", flush=True)
Schedule(record, folders, 2, float("inf")).run()
"""


def states(schedule):
    """State of each job, by name."""
    return {name: entry.state for name, entry in schedule.record.entries.items()}


def test_a_failing_job_is_shown_and_the_rest_go_on(make_schedule, capsys, tmp_path):
    jobs = {"bad": ["fails=true"], "good": ["pieces=1"]}
    make_schedule(jobs).run()
    said = capsys.readouterr().out
    assert "bad failed" in said
    assert "error: this job fails" in said
    found = read_record(tmp_path / "plan.json").entries
    assert (found["bad"].state, found["good"].state) == ("failed", "finished")


def test_finished_is_not_repeated_and_other_arguments_are_not_finished(make_schedule, count_pieces):
    make_schedule({"one": ["pieces=2"]}).run()
    again = make_schedule({"one": ["pieces=2"]})
    again.run()
    assert again.ended == []
    assert states(again) == {"one": "finished"}
    other = make_schedule({"one": ["pieces=3"]})
    other.run()
    assert other.ended == ["one"]
    assert count_pieces("one") == {0: 1, 1: 1, 2: 1}


def test_only_what_fits_is_begun_but_the_first_in_any_case(make_schedule):
    """The first is estimated at longer than the call may take; of the others one fits."""
    jobs = dict.fromkeys(["long", "longer", "short"], ["pieces=1", "seconds=0"])
    schedule = make_schedule(jobs, estimates={"long": 900, "longer": 900, "short": 1}, seconds=20)
    schedule.run()
    assert schedule.ended == ["long", "short"]
    assert states(schedule)["longer"] == "waiting"


def test_the_end_of_the_time_stops_what_runs_and_it_goes_on(make_schedule, count_pieces):
    job = {"slow": ["pieces=6", "seconds=0.3"]}
    began = time.monotonic()
    first = make_schedule(job, seconds=1.2)
    first.run()
    assert time.monotonic() - began < 6
    assert states(first) == {"slow": "stopped"}
    assert 0 < len(count_pieces("slow")) < 6
    make_schedule(job).run()
    assert count_pieces("slow") == dict.fromkeys(range(6), 1)


def test_killed_at_any_moment_nothing_is_done_twice(tmp_path, pieces_path, python, count_pieces):
    """Its jobs outlive a plan that is killed by -9; the next call waits for them."""
    command = [python, "-c", SCRIPT, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begins\n"
        time.sleep(random.uniform(0.05, 0.7))
        process.send_signal(signal.SIGKILL)
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    for name in "abc":
        assert count_pieces(name) == dict.fromkeys(range(8), 1)
    entries = read_record(tmp_path / "plan.json").entries.values()
    assert {entry.state for entry in entries} == {"finished"}


@pytest.mark.parametrize(("seconds", "text"), [(50, "50 s"), (600, "10 min"), (9000, "2.5 h")])
def test_durations(seconds, text):
    assert duration(seconds) == text
