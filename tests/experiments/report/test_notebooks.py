"""What notebooks read of saved runs."""

import json
import os

import matplotlib
import pandas as pd
import pytest

from experiments.report.notebooks import display_figures, run_module, saved_runs


@pytest.fixture
def folder(tmp_path):
    """Two runs of one experiment, the first the later; and a folder that holds no run of ours."""
    for name, mean, age in (("a", 0.75, 100), ("b", 0.25, 200)):
        place = tmp_path / name
        place.mkdir()
        record = {"statistic": "spearman", "subject": "value", "against": "size",
                  "mean": mean, "low": None, "high": None, "each": [mean]}  # fmt: skip
        content = {"experiment": "data_quantity", "seeds": [3], "estimates": [record],
                   "config": {"level": 0.9}}  # fmt: skip
        (place / "result.json").write_text(json.dumps(content))
        pd.DataFrame({"seed": [3], "value": [mean]}).to_csv(place / "measurements.csv", index=False)
        os.utime(place / "result.json", (1e9 - age, 1e9 - age))
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "result.json").write_text("{}")
    return tmp_path


def test_the_latest_run_of_each_experiment(folder):
    found = saved_runs(folder)
    assert set(found) == {"data_quantity"}
    saved = found["data_quantity"]
    assert saved.folder == folder / "a"
    assert saved.measurements["value"].tolist() == [0.75]


def test_numbers_by_what_they_are(folder):
    saved = saved_runs(folder)["data_quantity"]
    assert saved.estimates.get("spearman", "value", "size").each == (0.75,)
    assert saved.table().loc[("spearman", "value", "size"), "mean"] == 0.75


def test_failure_of_a_command_is_told(tmp_path):
    with pytest.raises(RuntimeError, match="No module named"):
        run_module("experiments.nothing_of_this_name", tmp_path)


def test_figures_outside_a_notebook_are_left_alone():
    before = dict(matplotlib.rcParams)
    display_figures()
    assert dict(matplotlib.rcParams) == before
