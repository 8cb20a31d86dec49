"""The command at smoke size, whole: what it writes, and that a second run values no game again."""

import json
import sys

import pandas as pd
import pytest

from experiments.party_quality import main
from experiments.report.tables import span
from experiments.runtime.app import launch
from experiments.studies.party_quality import page
from experiments.studies.party_quality.scores import SCORES
from experiments.studies.party_quality.specs import PLANS


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Folder of one smoke run."""
    made = tmp_path_factory.mktemp("party_quality")
    _launch(made)
    return made


def _launch(folder, *arguments):
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DAVINZ_DATA", raising=False)
        patch.setenv("HYDRA_FULL_ERROR", "0")
        own = ["num_resamples=200", f"hydra.run.dir={folder}"]
        patch.setattr(sys, "argv", ["party_quality", *own, *arguments])
        launch(main, "party_quality")


def test_a_smoke_run_leaves_values_figure_and_numbers(folder):
    lines = pd.read_csv(folder / "party_quality.csv")
    assert set(lines["role"]) == {"choosing", "showing"}
    assert list(SCORES) == list(lines.columns[5:])
    assert len(list((folder / "games").iterdir())) == len(PLANS["smoke"].roles) + 1
    content = json.loads((folder / "party_quality.json").read_text())
    assert SCORES[content["chosen"]].is_ours
    assert (folder / "party_quality.png").stat().st_size > 10_000
    own = [row for row in content["order"] if row["score"] == "size"]
    assert all(row["mean"] == 0 for row in own)  # all parties have as many rows


def test_wrong_labels_are_seen_by_kernel_regression(folder):
    content = json.loads((folder / "party_quality.json").read_text())
    rows = [
        row
        for row in content["order"]
        if (row["quality"], row["semivalue"]) == ("labels", "Shapley")
    ]
    means = {(row["role"], row["score"]): row["mean"] for row in rows}
    assert means["showing", "rbf_soft_accuracy"] > 0.6


def test_the_page_says_the_numbers_of_the_file(folder):
    text = page.current(folder)
    content = json.loads((folder / "party_quality.json").read_text())
    assert f"**{SCORES[content['chosen']].title}**" in text
    row = content["validation_rows"][-1]
    assert span((row["mean"], row["low"], row["high"])) in text


def test_the_report_answers_first_and_warns_of_a_smoke_run(folder):
    text = (folder / "report.html").read_text()
    chosen = json.loads((folder / "party_quality.json").read_text())["chosen"]
    answer = f"{SCORES[chosen].title} orders parties as wanted"
    assert text.index(answer) < text.index("wanted and found")
    assert "Parties that differ by wrong labels: Spearman" in text
    assert "Size=smoke is too small to tell anything" in text


def test_a_second_run_values_no_game_again(folder):
    before = {path: path.stat().st_mtime_ns for path in (folder / "games").iterdir()}
    first = json.loads((folder / "party_quality.json").read_text())
    _launch(folder)
    assert {path: path.stat().st_mtime_ns for path in (folder / "games").iterdir()} == before
    again = json.loads((folder / "party_quality.json").read_text())
    assert again["order"] == first["order"]
    assert again["copies"] == first["copies"]


def test_a_coverage_that_is_none_is_refused(run_command):
    with pytest.raises(SystemExit, match="level: wanted a probability"):
        run_command(main, "party_quality", "level=2")
