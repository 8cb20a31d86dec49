"""What notebooks need beside the library: figures shown in a cell, and saved runs by experiment."""

import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from davinz_jax.files import is_unfinished
from experiments.report.estimates import IDENTITY, Estimates, numbers_of
from experiments.runtime.outputs import RESULT, read_result


@dataclass(frozen=True)
class Saved:
    """One saved run of an experiment.

    Attributes:
        folder: where it is.
        result: what result.json holds.
        measurements: its table.
    """

    folder: Path
    result: Mapping[str, Any]
    measurements: pd.DataFrame

    @property
    def estimates(self) -> Estimates:
        """The run's numbers, looked up by statistic, subject and against."""
        return Estimates.of(numbers_of(self.result), level=self.result["config"]["level"])

    def table(self) -> pd.DataFrame:
        """Each number with its interval, one a row."""
        frame = pd.DataFrame(self.estimates.records()).set_index(IDENTITY).drop(columns="each")
        return frame.astype(float).round(3)


def display_figures() -> None:
    """Draw a figure that is the last value of a cell; outside a notebook nothing changes."""
    from IPython.core.getipython import get_ipython
    from IPython.core.pylabtools import select_figure_formats

    shell = get_ipython()
    if shell is not None:
        select_figure_formats(shell, {"png"})


def saved_runs(folder: Path) -> dict[str, Saved]:
    """The latest saved run of each experiment below a folder, by the experiment's name."""
    found: dict[str, Saved] = {}
    for path in sorted(folder.rglob(RESULT), key=lambda p: p.stat().st_mtime):
        if is_unfinished(path.relative_to(folder)):
            continue
        result, table = read_result(path), path.parent / "measurements.csv"
        if "experiment" in result and table.is_file():
            found[result["experiment"]] = Saved(path.parent, result, pd.read_csv(table))
    return found


def run(experiment: str, folder: Path, overrides: Iterable[str] = (), **options: Any) -> str:
    """Run `python -m experiments.NAME` in a process of its own; gives what it printed.

    Args:
        experiment: name of the module.
        folder: where it writes.
        overrides: as on the command line.
        **options: of `subprocess.run`, e.g. env.

    Raises:
        RuntimeError: with its message, if it fails.
    """
    return run_module(f"experiments.{experiment}", folder, overrides, **options)


def run_module(module: str, folder: Path, overrides: Iterable[str] = (), **options: Any) -> str:
    """The same for any module on the path that starts by `experiments.runtime.app.launch`."""
    command = [sys.executable, "-m", module, *overrides, f"hydra.run.dir={folder}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return done.stdout
