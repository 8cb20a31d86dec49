"""Every figure of the page, or of any folder of runs, with what each run says of itself."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from experiments.report.estimates import Estimates
from experiments.report.notebooks import saved_runs
from experiments.studies.reproduce.figures import figure_of
from experiments.studies.reproduce.kept import FOLDER, read_kept


@dataclass(frozen=True)
class Picture:
    """A run as one sees it.

    Attributes:
        name: of the job, or of the experiment.
        verdicts: the answer in words.
        estimates: the numbers.
        figure: drawn anew from table and numbers; None where the experiment has none.
    """

    name: str
    verdicts: tuple[str, ...]
    estimates: Estimates
    figure: Figure | None

    def table(self) -> pd.DataFrame:
        """Each number with its interval, one a row."""
        return pd.DataFrame(self.estimates.records()).drop(columns="each").round(3)


def pictures(folder: Path | None = None) -> list[Picture]:
    """Pictures of the results that are kept, or of the runs in a folder, which may be one run's.

    Args:
        folder: of runs; None for results/experiments.

    Raises:
        ValueError: if there is no run.
    """
    found = list(_kept() if folder is None else _saved(folder))
    if not found:
        place = FOLDER if folder is None else folder
        raise ValueError(
            f"folder: wanted results of the experiments, got none in {place}; run one first, as in "
            "python -m experiments.data_quantity experiment=data_quantity_smoke"
        )
    return found


def _kept() -> Iterator[Picture]:
    for name, kept in read_kept().items():
        if kept.measurements is not None:
            yield _picture(name, kept.content, kept.measurements, kept.estimates)


def _saved(folder: Path) -> Iterator[Picture]:
    for name, saved in saved_runs(folder).items():
        if "estimates" in saved.result:
            yield _picture(name, saved.result, saved.measurements, saved.estimates)


def _picture(
    name: str, content: Mapping[str, Any], frame: pd.DataFrame, estimates: Estimates
) -> Picture:
    figure = figure_of(content["experiment"], frame, estimates)
    return Picture(name, tuple(content["verdicts"]), estimates, figure)
