"""Runs told to MLflow: parameters, numbers and files in a local store."""

import importlib.util

import pytest
from hydra.core.utils import JobReturn, JobStatus
from hydra.types import RunMode
from omegaconf import OmegaConf

from experiments.runtime.app import output_folder
from experiments.runtime.errors import InputError
from experiments.runtime.tracking import metrics, name_of, parameters

needs_mlflow = pytest.mark.skipif(
    importlib.util.find_spec("mlflow") is None,
    reason="MLflow is not installed: pip install 'davinz-jax[mlflow]'",
)


def test_overrides_are_parameters():
    told = ["model=cnn", "+data.extra=[1,2]", "~baselines.mine", "model.name=a=b"]
    assert dict(parameters(told)) == {
        "model": "cnn", "data.extra": "[1,2]", "baselines.mine": "removed", "model.name": "a=b",
    }  # fmt: skip


def test_numbers_are_metrics_by_name():
    """A number that is not defined, and an interval of one seed, are left out."""
    result = {
        "estimates": [
            {"statistic": "spearman", "subject": "value", "against": "size", "mean": 0.5,
             "low": None, "high": None},
            {"statistic": "pearson", "subject": "x", "against": "", "mean": None},
        ],
        "players": [{"name": "$n^1$", "value": 2, "stderr": 0.25}],
        "seconds": {"data": 1.0, "values": 0.5},
    }  # fmt: skip
    assert dict(metrics(result)) == {
        "spearman value size": 0.5, "value/_n_1_": 2.0, "stderr/_n_1_": 0.25, "seconds": 1.5,
    }  # fmt: skip
    assert name_of("a/b:c") == "a_b_c"


def test_without_mlflow_the_extra_is_named(monkeypatch):
    import sys

    from experiments.runtime.tracking import MLflow

    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(InputError, match=r"wanted MLflow installed.*davinz-jax\[mlflow\]"):
        MLflow()


def pay(cfg):
    """A command that takes no time: leaves a figure, a table and an archive."""
    for name in ("values.png", "values.csv", "valuation.npz"):
        (output_folder() / name).write_text(str(cfg.budget))
    return {"players": [{"name": "north", "value": 2.0, "stderr": 0.5}], "seconds": {"all": 1.0}}


@needs_mlflow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_a_run_is_in_the_store(run_command, monkeypatch, tmp_path):
    from mlflow import MlflowClient

    monkeypatch.chdir(tmp_path)
    store = f"sqlite:///{tmp_path}/runs.db"
    overrides = ("run=there", "budget=7", "tracking=mlflow")
    folder = run_command(pay, "payout", *overrides, f"hydra.callbacks.mlflow.uri={store}")
    client = MlflowClient(tracking_uri=store)
    experiment = client.get_experiment_by_name("payout")
    assert experiment is not None
    (run,) = client.search_runs([experiment.experiment_id])
    assert (run.info.status, run.data.tags["folder"]) == ("FINISHED", str(folder))
    assert run.data.params == dict(text.split("=") for text in overrides)
    assert run.data.metrics == {"value/north": 2.0, "stderr/north": 0.5, "seconds": 1.0}
    kept = {file.path for file in client.list_artifacts(run.info.run_id)}
    assert kept == {"values.png", "values.csv"}
    check_failed_job(client, store)


def check_failed_job(client, store):
    """A job of a sweep that failed is a failed run, with its reason."""
    from experiments.runtime.tracking import MLflow

    hydra = {"job": {"config_name": "payout", "num": 3}, "runtime": {"output_dir": "multirun/3"},
             "mode": RunMode.MULTIRUN, "sweep": {"dir": "multirun"}}  # fmt: skip
    returned = JobReturn(overrides=["budget=-1"], status=JobStatus.FAILED)
    returned.return_value = ValueError("budget: wanted a positive number")
    config = OmegaConf.create({"hydra": hydra})
    MLflow(uri=store, experiment="mine").on_job_end(config, job_return=returned)
    (run,) = client.search_runs([client.get_experiment_by_name("mine").experiment_id])
    assert (run.info.status, run.info.run_name) == ("FAILED", "budget=-1")
    assert run.data.tags["reason"] == "ValueError: budget: wanted a positive number"
    assert (run.data.tags["sweep"], run.data.tags["job"]) == ("multirun", "3")
