"""Sweeps by each launcher on a trivial job, one with a failure, and a launcher that is missing."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from experiments import collect

ROOT = Path(__file__).parents[2]
JOB = ("experiment=data_quantity_smoke", "data.num_rows=24", "data.num_validation_rows=12",
       "parties.sizes=[4,8,12]", "model=mlp_table", "model.widths=[8]", "beside=[]")  # fmt: skip


def sweep(folder, *arguments):
    """Run `python -m experiments.data_quantity -m` in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "experiments.data_quantity", "-m", *JOB, *arguments,
         f"hydra.sweep.dir={folder}"],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip


def needs(module):
    missing = importlib.util.find_spec(f"hydra_plugins.{module}") is None
    return pytest.mark.skipif(missing, reason=f"{module} is not installed")


@pytest.mark.parametrize(
    "launcher",
    [
        pytest.param("joblib", marks=needs("hydra_joblib_launcher")),
        pytest.param("submitit_local", marks=[needs("hydra_submitit_launcher"), pytest.mark.slow]),
        pytest.param("ray", marks=[needs("hydra_ray_launcher"), pytest.mark.slow]),
    ],
)
def test_launcher(tmp_path, launcher):
    done = sweep(tmp_path, f"hydra/launcher={launcher}", "seed=0,1")
    assert done.returncode == 0, done.stderr
    if launcher == "joblib":
        assert {line[:4] for line in done.stdout.splitlines()} == {"[0] ", "[1] "}
        assert any(
            line.startswith("[1] ") and "seed=1" in line for line in done.stdout.splitlines()
        )
    parameters = collect.main([str(tmp_path)])
    assert (parameters["jobs"], parameters["failed"]) == (2, 0)
    assert set(pd.read_csv(tmp_path / "collected.csv")["num_seeds"]) == {2}


def test_failed_job_is_kept_and_finished_ones_are_skipped(tmp_path):
    """Two jobs, one of which asks for more rows than there are; then the same sweep again."""
    done = sweep(tmp_path, "seed=0", "parties.sizes=[4,8,12],[4,8,120]")
    assert done.returncode != 0
    assert "sizes: wanted 132 rows in all, got 24" in done.stderr
    failure = json.loads((tmp_path / "1" / "failure.json").read_text())
    assert failure["error"] == "ValueError"
    assert collect.main([str(tmp_path)])["failed"] == 1
    before = (tmp_path / "0" / "result.json").stat().st_mtime_ns
    again = sweep(tmp_path, "seed=0", "parties.sizes=[4,8,12],[4,8,16]", "skip_finished=true",
                  "data.num_rows=24,28")  # fmt: skip
    assert "skipped" in again.stdout
    assert (tmp_path / "0" / "result.json").stat().st_mtime_ns == before


MISSING = """
import sys
sys.modules["hydra_plugins.{plugin}"] = None
sys.argv = ["data_quantity", "-m", "hydra/launcher={launcher}", "hydra.sweep.dir={folder}"]
from experiments.runtime.app import launch
from experiments.data_quantity import main
launch(main, "data_quantity")
"""


@pytest.mark.parametrize(
    ("launcher", "plugin", "extra"),
    [
        ("joblib", "hydra_joblib_launcher", "launchers"),
        ("submitit_local", "hydra_submitit_launcher", "launchers"),
        ("ray", "hydra_ray_launcher", "ray"),
    ],
)
def test_missing_launcher_names_its_extra(tmp_path, launcher, plugin, extra):
    if importlib.util.find_spec(f"hydra_plugins.{plugin}") is None:
        plugin = "nothing"
    folder = tmp_path / "sweep"
    code = MISSING.format(plugin=plugin, launcher=launcher, folder=folder)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert f"{launcher} is not installed; pip install 'davinz-jax[{extra}]'" in done.stderr
    assert not folder.exists()
