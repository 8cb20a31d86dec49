"""Runs told to MLflow, for those who sweep: `tracking=mlflow`.

A callback of Hydra: after each job, or run, it logs what was asked as parameters, values and
estimates as metrics, and figures, pages and tables as artifacts. It changes nothing that is
computed, and Hydra makes a store that does not answer a warning: no result is lost by it.
"""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hydra.core.utils import JobReturn
from hydra.experimental.callback import Callback
from hydra.types import RunMode
from omegaconf import DictConfig

from experiments.runtime.errors import InputError

SHOWN = (".png", ".html", ".csv", ".json")
"""Files of a run that are logged."""

LONGEST = 6000
"""Characters of a parameter that MLflow takes."""


class MLflow(Callback):
    """Log every job to an experiment of MLflow.

    Args:
        uri: the tracking store; None for MLflow's own setting, MLFLOW_TRACKING_URI.
        experiment: its name; None for the command's.

    Raises:
        InputError: if MLflow is not installed.
    """

    def __init__(self, uri: str | None = None, experiment: str | None = None) -> None:
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # a run tells its store alone
        try:
            from mlflow import MlflowClient
        except ImportError as error:
            raise InputError(
                "tracking: wanted MLflow installed, got none; pip install 'davinz-jax[mlflow]'"
            ) from error
        self._client = MlflowClient(tracking_uri=uri)
        self._name = experiment

    def on_run_start(self, config: DictConfig, **_: Any) -> None:
        """Make the experiment, so that a store that does not answer is told at once."""
        self._experiment(config)

    def on_multirun_start(self, config: DictConfig, **_: Any) -> None:
        """Make the experiment before jobs that run at once would."""
        self._experiment(config)

    def on_job_end(self, config: DictConfig, job_return: JobReturn, **_: Any) -> None:
        """Log one job: a finished one's numbers and files, a failed one's reason."""
        hydra, returned = config.hydra, _outcome(job_return)
        name = " ".join(job_return.overrides or ()) or str(hydra.job.config_name)
        tags = {"command": str(hydra.job.config_name), "folder": str(hydra.runtime.output_dir)}
        if hydra.mode == RunMode.MULTIRUN:
            tags |= {"sweep": str(hydra.sweep.dir), "job": str(hydra.job.num)}
        run = self._client.create_run(self._experiment(config), run_name=name[:LONGEST], tags=tags)
        identity = run.info.run_id
        for key, value in parameters(job_return.overrides or ()):
            self._client.log_param(identity, key, value)
        if isinstance(returned, Mapping):
            self._log_result(identity, returned, Path(hydra.runtime.output_dir))
        else:
            self._client.set_tag(identity, "reason", f"{type(returned).__name__}: {returned}")
        self._client.set_terminated(
            identity, "FINISHED" if isinstance(returned, Mapping) else "FAILED"
        )

    def _log_result(self, identity: str, result: Mapping[str, Any], folder: Path) -> None:
        for key, value in metrics(result):
            self._client.log_metric(identity, key, value)
        for path in sorted(folder.iterdir()):
            if path.suffix in SHOWN:
                self._client.log_artifact(identity, str(path))

    def _experiment(self, config: DictConfig) -> str:
        name = self._name or str(config.hydra.job.config_name)
        found = self._client.get_experiment_by_name(name)
        return self._client.create_experiment(name) if found is None else found.experiment_id


def _outcome(job_return: JobReturn) -> Any:
    """What a job gave, or the error that ended it."""
    try:
        return job_return.return_value
    except Exception as error:  # whatever the job raised
        return error


def parameters(overrides: Any) -> Iterator[tuple[str, str]]:
    """Option and value of each override; of a removed one, that it was."""
    for text in overrides:
        key, _, value = text.partition("=")
        yield name_of(key.lstrip("+~")), "removed" if key.startswith("~") else value[:LONGEST]


def metrics(result: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """Numbers of a result: estimates with their limits, players' values with their errors."""
    for record in result.get("estimates", ()):
        name = name_of(" ".join(filter(None, (record["statistic"], record["subject"],
                                              record["against"]))))  # fmt: skip
        yield from _numbers(record, {"mean": name, "low": f"{name}/low", "high": f"{name}/high"})
    for player in result.get("players", ()):
        name = name_of(str(player["name"]))
        yield from _numbers(player, {"value": f"value/{name}", "stderr": f"stderr/{name}"})
    seconds = result.get("seconds")
    if isinstance(seconds, Mapping):
        yield "seconds", float(sum(seconds.values()))


def _numbers(record: Mapping[str, Any], names: Mapping[str, str]) -> Iterator[tuple[str, float]]:
    for key, name in names.items():
        value = record.get(key)
        if isinstance(value, int | float):
            yield name, float(value)


def name_of(text: str) -> str:
    """A name that MLflow takes: letters, figures, and none but harmless marks.

    >>> name_of("ntk.ridge"), name_of("$x^2$")
    ('ntk.ridge', '_x_2_')
    """
    return re.sub(r"[^\w\-. ]", "_", text)[:200]
