"""A sweep in one table: seeds together, failures shown."""

import json
import runpy
import sys

import pandas as pd
import pytest

from experiments import collect
from experiments.runtime.errors import InputError


def job(folder, number, *, seed, size, each):
    place = folder / str(number)
    place.mkdir(parents=True)
    content = {
        "experiment": "data_quantity",
        "seeds": [seed],
        "estimates": [
            {
                "statistic": "spearman",
                "subject": "value",
                "against": "size",
                "mean": each,
                "low": None,
                "high": None,
                "each": [each],
            }
        ],
        "config": {"seed": seed, "seeds": [0], "data": {"num_rows": size}},
    }
    (place / "result.json").write_text(json.dumps(content))


@pytest.fixture
def sweep(tmp_path):
    """Two sizes at two seeds; one job failed, one was killed."""
    for number, (size, seed, each) in enumerate(
        [(10, 0, 0.5), (10, 1, 0.7), (20, 0, 0.8), (20, 1, None)]
    ):
        job(tmp_path, number, seed=seed, size=size, each=each)
    for number, text in ((4, "sizes: wanted 132 rows"), (10, None)):
        (tmp_path / str(number)).mkdir()
        if text:
            failure = {"error": "ValueError", "message": text}
            (tmp_path / str(number) / "failure.json").write_text(json.dumps(failure))
    return tmp_path


def test_means_over_seeds_by_hand(sweep):
    """0.5 and 0.7: mean 0.6; the interval, wider than that, is cut at ±1."""
    counts = collect.main([str(sweep)])
    assert counts == {"jobs": 6, "failed": 2, "settings": 2}
    frame = pd.read_csv(sweep / "collected.csv")
    first = frame[frame["setting"] == "data.num_rows=10"].iloc[0]
    assert first["mean"] == pytest.approx(0.6)
    assert first["low"] == pytest.approx(-0.6706, abs=1e-3)
    assert (first["high"], first["num_seeds"]) == (1, 2)
    second = frame[frame["setting"] == "data.num_rows=20"].iloc[0]
    assert second["mean"] == pytest.approx(0.8)
    assert pd.isna(second["low"])


def test_failed_jobs_are_lines_of_their_own(sweep, capsys):
    collect.main([str(sweep)])
    frame = pd.read_csv(sweep / "collected.csv", dtype={"setting": str})
    failed = frame[frame["status"] == "failed"]
    assert failed["setting"].tolist() == ["4", "10"]
    assert failed["reason"].tolist()[0] == "ValueError: sizes: wanted 132 rows"
    assert "no result" in failed["reason"].tolist()[1]
    assert "job 4 failed: ValueError" in capsys.readouterr().out


def test_figure_is_drawn(sweep):
    collect.main([str(sweep), "--only", "spearman"])
    assert (sweep / "collected.png").stat().st_size > 1000


def test_sweep_that_failed_altogether(tmp_path):
    (tmp_path / "0").mkdir()
    assert collect.main([str(tmp_path)])["failed"] == 1
    assert not (tmp_path / "collected.png").exists()


@pytest.mark.parametrize("name", ["missing", ""])
def test_folder_without_jobs_is_refused(tmp_path, name):
    with pytest.raises(InputError, match="DIR: wanted"):
        collect.main([str(tmp_path / name)])


def test_numbers_that_nobody_has(sweep):
    with pytest.raises(InputError, match="which none holds"):
        collect.main([str(sweep), "--only", "speerman"])
    assert not (sweep / "collected.csv").exists()


@pytest.mark.filterwarnings("ignore:.*found in sys.modules:RuntimeWarning")
def test_a_damaged_valuation_is_refused_in_one_message(sweep, monkeypatch):
    (sweep / "0" / "valuation.npz").write_bytes(b"damaged")
    monkeypatch.setattr(sys, "argv", ["collect", str(sweep)])
    with pytest.raises(SystemExit) as stopped:
        runpy.run_module("experiments.collect", run_name="__main__", alter_sys=True)
    assert str(stopped.value.code).startswith("error: ")
    assert "valuation.npz: wanted a valuation, got a damaged" in str(stopped.value.code)


def test_what_a_killed_job_was_writing_is_no_job(sweep):
    job(sweep / "0", ".writing-x", seed=5, size=10, each=0.9)
    assert collect.main([str(sweep)])["jobs"] == 6
