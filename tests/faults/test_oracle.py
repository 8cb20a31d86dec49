"""The oracle sees what it should: each kind of finding in an outcome made to show it."""

import json
import shutil

import pytest

from tests.faults import oracle
from tests.faults.cases import Case
from tests.faults.commands import Outcome

GOOD = "error: level: wanted a probability in (0, 1), got 2; 0.95 is usual\n"
SOUND, ANY = Case("value", (), "value", "accepted"), Case("value", (), "value")
FORBIDDEN = Case("value", (), "value", "refused", "one row")


def kinds(case, outcome, folder):
    """Kinds of what is found."""
    return [text.partition(":")[0] for text in oracle.judge(case, outcome, folder)]


@pytest.fixture
def run(saved, tmp_path):
    """A copy of a sound run's folder."""
    shutil.copytree(saved / "shapley", tmp_path / "run")
    return tmp_path / "run"


def ended(code=1, message=GOOD):
    return Outcome(code, message, "", 0.1)


def test_sound_outcomes(run, tmp_path):
    assert kinds(SOUND, ended(0, ""), run) == []
    assert kinds(FORBIDDEN, ended(), tmp_path / "nothing") == []


@pytest.mark.parametrize(
    ("case", "outcome", "kind"),
    [
        (ANY, ended(None, "Hang"), oracle.HANG),
        (ANY, ended(1, "Traceback (most recent call last):\nKeyError: 'y'"), oracle.TRACEBACK),
        (ANY, ended(-9, ""), oracle.DEATH),
        (ANY, ended(1, "error: list index out of range"), oracle.UNHELPFUL),
        (ANY, ended(1, "error: level: wanted a probability, got 2"), oracle.UNHELPFUL),
        (ANY, ended(1, "Error executing job\n" + GOOD), oracle.UNHELPFUL),
        (SOUND, ended(), oracle.REFUSED),
        (ANY, ended(0, ""), oracle.HALF),
    ],
)
def test_what_is_wrong_is_named(case, outcome, kind, tmp_path):
    assert kinds(case, outcome, tmp_path / "nothing") == [kind]


def test_what_must_be_refused_is_no_result(run):
    assert kinds(FORBIDDEN, ended(0, ""), run) == [oracle.ACCEPTED]


def test_a_refused_run_leaves_no_file(run):
    assert kinds(ANY, ended(), run) == [oracle.HALF]


def change(run, edit):
    """Edit what result.json of a run holds."""
    content = json.loads((run / "result.json").read_text())
    edit(content)
    (run / "result.json").write_text(json.dumps(content))


@pytest.mark.parametrize(
    "edit",
    [
        lambda content: content["players"][0].update(value=content["players"][0]["value"] + 1),
        lambda content: content["players"][0].update(rank=99),
        lambda content: content["players"][0].update(stderr=-1),
        lambda content: content["grand"].update(value=float("nan")),
        lambda content: content["players"].pop(),
    ],
)
def test_files_that_disagree(edit, run):
    change(run, edit)
    assert kinds(ANY, ended(0, ""), run) == [oracle.INCONSISTENT]


@pytest.mark.parametrize("name", ["result.json", "values.csv", "valuation.npz"])
def test_files_cut_off(name, run):
    (run / name).write_bytes((run / name).read_bytes()[:50])
    assert kinds(ANY, ended(0, ""), run)[0] in (oracle.HALF, oracle.INCONSISTENT)


def test_scratch_left_behind(run):
    (run / ".writing-1").mkdir()
    (run / ".writing-1" / "values.csv").write_text("")
    assert kinds(ANY, ended(0, ""), run) == [oracle.INCONSISTENT]
