"""The command at smoke size, whole: what it writes, and that nothing is measured twice."""

import json
import sys

import pandas as pd
import pytest

from experiments.detection_benchmark import main
from experiments.runtime.app import launch
from experiments.studies.detection_benchmark import page
from experiments.studies.detection_benchmark.methods import METHODS


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Folder of one smoke run of one draw."""
    made = tmp_path_factory.mktemp("detection_benchmark")
    _launch(made)
    return made


def _launch(folder, *arguments):
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DAVINZ_DATA", raising=False)
        patch.setenv("HYDRA_FULL_ERROR", "0")
        own = ["num_resamples=200", "num_seeds=1", f"hydra.run.dir={folder}"]
        patch.setattr(sys, "argv", ["detection_benchmark", *own, *arguments])
        launch(main, "detection_benchmark")


@pytest.fixture(scope="module")
def content(folder):
    """What the JSON file of the run holds."""
    return json.loads((folder / "detection.json").read_text())


def test_every_method_has_a_line_for_each_draw(folder):
    lines = pd.read_csv(folder / "detection.csv")
    assert list(lines) == ["data", "noise", "rate", "seed", "method", "f1", "auc", "seconds"]
    assert set(lines["method"]) == set(METHODS)
    assert set(lines["data"]) == {"2dplanes", "digits", "diabetes"}
    assert lines[["f1", "auc"]].stack().between(0, 1).all()
    assert not lines.duplicated(["data", "noise", "rate", "seed", "method"]).any()
    assert (folder / "detection_ranks.png").stat().st_size > 10_000


def test_margins_find_wrong_labels_and_novelty_noisy_inputs(folder):
    lines = pd.read_csv(folder / "detection.csv").set_index(["data", "noise", "method"])["auc"]
    assert lines["digits", "label", "rbf_margin"] > 0.9
    assert lines["digits", "feature", "rbf_novelty"] > 0.9
    assert lines["digits", "label", "rbf_novelty"] < 0.7


def test_ranks_add_up(content):
    for family in content["ranks"]:
        count = len(family["rank"])
        mean = sum(rank for rank, _, _ in family["rank"].values()) / count
        assert mean == pytest.approx((count + 1) / 2)
        assert family["rank"][family["first"]][0] == min(r for r, _, _ in family["rank"].values())


def test_the_page_says_the_numbers_of_the_file(folder, content):
    text = page.current(folder)
    family = content["ranks"][0]
    first = METHODS[family["first"]].title
    assert f"first is **{first}**" in text
    assert all(METHODS[name].title in text for name in METHODS)


def test_the_report_answers_first_and_warns_of_a_smoke_run(folder):
    text = (folder / "report.html").read_text()
    assert text.index("first is") < text.index("Mean rank by F1")
    assert "Size=smoke is too small to tell anything" in text


def test_a_second_run_measures_no_draw_again(folder, content):
    before = {path: path.stat().st_mtime_ns for path in (folder / "pieces").iterdir()}
    _launch(folder)
    assert {path: path.stat().st_mtime_ns for path in (folder / "pieces").iterdir()} == before
    assert json.loads((folder / "detection.json").read_text())["cells"] == content["cells"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("num_seeds=0", "num_seeds: wanted 1 draw or more, got 0"),
        ("jobs=0", "jobs: wanted 1 or more processes, got 0"),
        ("level=2", "level: wanted a probability"),
    ],
)
def test_what_makes_no_sense_is_refused(run_command, asked, said):
    with pytest.raises(SystemExit, match=said):
        run_command(main, "detection_benchmark", asked)
