"""Commands run in this process, as from the command line."""

import json
import sys

import numpy as np
import pandas as pd
import pytest

from experiments.report.estimates import Estimates, numbers_of
from experiments.runtime.app import launch

RECORD = {"statistic", "subject", "against", "mean", "low", "high", "each"}


@pytest.fixture
def run_command(monkeypatch, tmp_path):
    """Run `python -m experiments.NAME ARGUMENTS`; gives its folder, or raises SystemExit.

    The folder is one for all runs of a test; a later one replaces the result of an earlier one.
    `value` forms no second opinion, which compiles a network, unless it is asked for.
    """

    def run(main, name, *arguments, options=None, overwrite=True):
        folder = tmp_path / "run"
        replaces = overwrite and (folder / "result.json").exists()
        more = [f"hydra.run.dir={folder}", *["overwrite=true"][:replaces]]
        if name == "value" and not any("second_opinion" in text for text in arguments):
            more.append("second_opinion=false")
        monkeypatch.setattr(sys, "argv", [name, *arguments, *more])
        monkeypatch.setenv("HYDRA_FULL_ERROR", "0")
        launch(main, name, options)
        return folder

    return run


@pytest.fixture
def read_result():
    """What result.json of a folder holds."""
    return lambda folder: json.loads((folder / "result.json").read_text())


@pytest.fixture
def run_smoke(run_command, read_result, capsys):
    """Run a study's experiment=NAME_smoke, or another; checks what it leaves, gives estimates."""

    def run(main, name, experiment=None):
        folder = run_command(main, name, f"experiment={experiment or name + '_smoke'}")
        content = read_result(folder)
        written = {entry.name for entry in folder.iterdir()}
        assert {"measurements.csv", "figure.png", "result.json"} <= written
        assert "failure.json" not in written
        assert content["experiment"] == name
        assert set(pd.read_csv(folder / "measurements.csv")["seed"]) == set(content["seeds"])
        assert all(set(each) == RECORD for each in content["estimates"])
        printed = capsys.readouterr().out
        assert all(sentence in printed for sentence in content["verdicts"])
        return Estimates.of(numbers_of(content), level=content["config"]["level"])

    return run


@pytest.fixture(scope="session")
def table(tmp_path_factory):
    """A CSV of three hospitals, 60 rows, two classes; new.csv beside it holds a fourth's 20."""
    generator = np.random.default_rng(0)
    frame = pd.DataFrame(generator.normal(size=(80, 3)), columns=["age", "dose", "score"])
    frame["hospital"] = np.array(["north", "south", "west"])[np.arange(80) % 3]
    frame["label"] = (frame["age"] + frame["dose"] > 0).astype(int)
    path = tmp_path_factory.mktemp("table") / "patients.csv"
    frame[:60].to_csv(path, index=False)
    frame[60:].drop(columns="hospital").to_csv(path.with_name("new.csv"), index=False)
    return path
