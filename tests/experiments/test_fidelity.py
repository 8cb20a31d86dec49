"""The command at smoke size, whole: what it writes, and that a second run trains nothing."""

import json
import sys

import pandas as pd
import pytest

from experiments.fidelity import main
from experiments.report.tables import span
from experiments.runtime.app import launch
from experiments.studies.fidelity import page
from experiments.studies.fidelity.scores import SCORES


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Folder of one smoke run."""
    made = tmp_path_factory.mktemp("fidelity")
    _launch(made)
    return made


def _launch(folder, *arguments):
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DAVINZ_DATA", raising=False)
        patch.setenv("HYDRA_FULL_ERROR", "0")
        patch.setattr(
            sys,
            "argv",
            ["fidelity", "num_resamples=200", f"hydra.run.dir={folder}", *arguments],
        )
        launch(main, "fidelity")


def test_a_smoke_run_leaves_sets_lines_figure_and_numbers(folder):
    sets, lines = pd.read_csv(folder / "fidelity_sets.csv"), pd.read_csv(folder / "fidelity.csv")
    assert len(sets) == 22
    assert set(lines["role"]) == {"choosing", "showing"}
    assert len(lines) == 2 * len(SCORES)
    content = json.loads((folder / "fidelity.json").read_text())
    assert content["training"]["networks"] == 44
    assert set(content["showing"]) == set(SCORES)
    assert (folder / "fidelity.png").stat().st_size > 10_000


def test_the_page_says_the_numbers_of_the_files(folder):
    text = page.current(folder)
    content = json.loads((folder / "fidelity.json").read_text())
    chosen = content["chosen"]["validation labels"]
    assert f"**{SCORES[chosen].title}**" in text
    assert span(content["showing"][chosen]["mean"]) in text


def test_the_report_answers_first_and_warns_of_a_smoke_run(folder):
    text = (folder / "report.html").read_text()
    content = json.loads((folder / "fidelity.json").read_text())
    chosen = content["chosen"]["validation labels"]
    answer = f"Take {SCORES[chosen].title} to tell which data train better networks."
    assert text.index(answer) < text.index("wanted and found")
    assert text.count('<th scope="row"') > len(SCORES)
    assert "Size=smoke is too small to tell anything" in text


def test_a_second_run_trains_nothing_and_says_the_same(folder):
    before = {path: path.stat().st_mtime_ns for path in (folder / "truths").rglob("*.json")}
    first = json.loads((folder / "fidelity.json").read_text())
    _launch(folder)
    after = {path: path.stat().st_mtime_ns for path in (folder / "truths").rglob("*.json")}
    assert after == before
    assert json.loads((folder / "fidelity.json").read_text())["showing"] == first["showing"]


def test_a_coverage_that_is_none_is_refused(run_command):
    with pytest.raises(SystemExit, match="level: wanted a probability"):
        run_command(main, "fidelity", "level=2")
