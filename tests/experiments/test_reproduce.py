"""`python -m experiments.reproduce` on a plan of two tiny jobs: listed, run, refused."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from experiments.reproduce import main

ROOT = Path(__file__).parents[2]
PIECES = ROOT / "tests" / "experiments" / "studies" / "reproduce"
PLAN = """# two small jobs
jobs:
  dear: {module: pieces, arguments: [pieces=1, seconds=0], question: "why?", work: {other: 1000}}
  cheap: {module: pieces, arguments: [pieces=2, seconds=0], question: "why?", work: {other: 1}}
"""


@pytest.fixture
def plan(tmp_path, monkeypatch):
    """Arguments that name a plan of one's own, of jobs that are found."""
    (tmp_path / "conf" / "plan").mkdir(parents=True)
    (tmp_path / "conf" / "plan" / "small.yaml").write_text(PLAN)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(PIECES), str(ROOT)]))
    return "--config-dir", str(tmp_path / "conf"), "plan=small"


def test_jobs_are_done_in_order_of_answers_an_hour(run_command, plan, capsys):
    folder = run_command(main, "reproduce", *plan, "hours=1")
    said = capsys.readouterr().out
    assert said.index("cheap: begun") < said.index("dear: begun")
    assert "2 of 2 jobs are finished" in said
    jobs = json.loads((folder / "plan.json").read_text())["jobs"]
    assert [job["state"] for job in jobs.values()] == ["finished", "finished"]
    for name in jobs:
        assert (folder / name / "result.json").is_file()


def test_list_prints_a_command_a_job_and_runs_none(run_command, plan, capsys):
    folder = run_command(main, "reproduce", *plan, "list=true")
    assert capsys.readouterr().out.splitlines() == [
        f"python -m pieces pieces={number} seconds=0 hydra.run.dir={folder / name}"
        for number, name in ((2, "cheap"), (1, "dear"))
    ]
    assert not folder.exists()


@pytest.mark.parametrize(
    ("argument", "match"),
    [
        ("hours=0", "hours: wanted a number above 0, got 0"),
        ("jobs=0", "jobs: wanted at least 1 process, got 0"),
        ("plan=larg", "plan: unknown choice 'larg'"),
    ],
)
def test_bad_options_are_refused(run_command, argument, match):
    with pytest.raises(SystemExit, match=match):
        run_command(main, "reproduce", argument)


@pytest.mark.slow
def test_first_jobs_of_reduced_are_done_in_time_and_not_again(tmp_path):
    """Real jobs, without any data at hand: a part of an hour, killed, and gone on with."""
    command = [
        sys.executable,
        "-m",
        "experiments.reproduce",
        "hours=0.03",
        f"hydra.run.dir={tmp_path}",
    ]
    env = {key: value for key, value in os.environ.items() if key != "DAVINZ_DATA"}
    first = subprocess.Popen(command, cwd=ROOT, env=env)
    with pytest.raises(subprocess.TimeoutExpired):
        first.wait(40)
    first.kill()
    first.wait()
    done = {path: path.stat().st_mtime_ns for path in tmp_path.glob("*/result.json")}
    subprocess.run(command, cwd=ROOT, env=env, check=True, timeout=240)
    after = {path: path.stat().st_mtime_ns for path in tmp_path.glob("*/result.json")}
    assert len(after) > len(done)
    assert {path: after[path] for path in done} == done
