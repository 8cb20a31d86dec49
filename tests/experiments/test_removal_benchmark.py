"""The command at smoke size, whole: what it writes, and what removal shows."""

import json
import sys

import pandas as pd
import pytest

from experiments.removal_benchmark import main
from experiments.runtime.app import launch
from experiments.studies.detection_benchmark.methods import METHODS
from experiments.studies.removal_benchmark import page


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Folder of one smoke run of one draw."""
    made = tmp_path_factory.mktemp("removal_benchmark")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DAVINZ_DATA", raising=False)
        own = ["num_resamples=200", "num_seeds=1", f"hydra.run.dir={made}"]
        patch.setattr(sys, "argv", ["removal_benchmark", *own])
        launch(main, "removal_benchmark")
    return made


def test_a_smoke_run_leaves_lines_figures_and_numbers(folder):
    lines = pd.read_csv(folder / "removal.csv")
    assert list(lines) == ["data", "seed", "method", "direction", "mean_accuracy"]
    assert set(lines["method"]) == set(METHODS)
    assert lines["mean_accuracy"].between(0, 1).all()
    for name in ("removal_curves.png", "removal_ranks.png"):
        assert (folder / name).stat().st_size > 10_000


def test_removing_what_a_method_holds_low_beats_removing_what_it_holds_high(folder):
    lines = pd.read_csv(folder / "removal.csv")
    means = lines[lines["data"] == "digits"].set_index(["method", "direction"])["mean_accuracy"]
    for method in ("rbf_shapley", "knn_shapley_5", "influence"):
        assert means[method, "lowest"] > means[method, "highest"]


def test_the_page_says_the_numbers_of_the_file(folder):
    content = json.loads((folder / "removal.json").read_text())
    text = page.current(folder)
    for family in content["ranks"]:
        first = family["first"]
        assert f"first is **{METHODS[first].title}**" in text
        assert f"{family['mean'][first]:.3f}" in text
    assert "Size=smoke" in (folder / "report.html").read_text()
