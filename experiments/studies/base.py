"""The frame of the studies: seeds, one composition a seed, what is printed and written.

A study is a function from a `Setting` to a `StudyResult`; `run` composes everything before
anything runs, prints the result, and writes its table, figure and result.json whole.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from hydra.core.hydra_config import HydraConfig
from matplotlib.figure import Figure
from omegaconf import DictConfig, OmegaConf

from davinz_jax.files import write_whole
from davinz_jax.types import PRNGKey
from experiments.report import plots
from experiments.report.estimates import Estimates
from experiments.report.page.common import text_table
from experiments.report.page.of_study import study_page
from experiments.report.page.render import REPORT, page_writer
from experiments.runtime import authors, claims, compose, console, jobs, outputs
from experiments.runtime.app import output_folder
from experiments.runtime.compose import Components
from experiments.runtime.console import Stages
from experiments.runtime.context import Rows
from experiments.runtime.errors import InputError

TABLE = "measurements.csv"
COALITIONS = "coalitions.csv"
FIGURE = "figure.png"
CHECKPOINTS = "checkpoints"
IGNORED = ("skip_finished", "checkpoints", "overwrite", "packages", "cluster")
"""Options that do not change what a run gives."""


@dataclass(frozen=True)
class Setting:
    """What a study is given.

    Attributes:
        cfg: the composed configuration.
        components: everything instantiated, for each seed.
        folder: where the run writes.
        stages: timed stages with progress.
    """

    cfg: DictConfig
    components: Mapping[int, Components]
    folder: Path
    stages: Stages

    @property
    def level(self) -> float:
        """Coverage of intervals."""
        return self.cfg.level

    @property
    def seeds(self) -> tuple[int, ...]:
        """Seeds of the repetitions."""
        return tuple(self.components)

    @property
    def checkpoints(self) -> Path:
        """Where results of trained networks are kept, so that a killed run goes on from there."""
        named = self.cfg.checkpoints
        return self.folder / CHECKPOINTS if named is None else Path(named)

    def load(self, seed: int) -> Rows:
        """The data of a seed."""
        with self.stages.stage("data"):
            return self.components[seed].load(self.stages.progress)

    @property
    def num_trainings(self) -> int:
        """Networks that a coalition's performance is averaged over: as many as there are draws."""
        named = self.cfg.num_trainings
        return self.cfg.num_initialisations if named is None else named

    def repeat(self, measure: Callable[[int], pd.DataFrame]) -> pd.DataFrame:
        """What is measured in every seed, one below the other, under a column `seed`."""
        parts = [measure(seed) for seed in self.seeds]
        for seed, part in zip(self.seeds, parts, strict=True):
            part.insert(0, "seed", seed)
        return pd.concat(parts, ignore_index=True)


@dataclass(frozen=True)
class StudyResult:
    """What a study gave.

    Attributes:
        measurements: one row a measurement; becomes measurements.csv.
        headers: of the printed table.
        rows: cells of the printed table.
        estimates: numbers with their intervals over seeds.
        verdicts: the answer in words, one sentence a line.
        figure: what a paper would show.
        details: what else result.json should hold.
        notes: what a reader should know.
        parts: one row a method, coalition and draw (`parts.py`); becomes coalitions.csv.
    """

    measurements: pd.DataFrame
    headers: Sequence[str]
    rows: Sequence[Sequence[str]]
    estimates: Estimates
    verdicts: Sequence[str]
    figure: Figure
    details: Mapping[str, Any] = field(default_factory=dict)
    notes: Sequence[str] = ()
    parts: pd.DataFrame | None = None


def run(cfg: DictConfig, study: Callable[[Setting], StudyResult]) -> dict[str, Any]:
    """Run a study as configured; returns what result.json holds."""
    name, folder = str(HydraConfig.get().job.config_name), output_folder()
    cfg = authors.apply_protocol(cfg, name)
    config = compose.plain(cfg)
    check_level(cfg.level)
    components = {seed: components_of(cfg, seed) for seed in choose_seeds(config)}
    with claims.hold(folder):
        if cfg.skip_finished and (found := read_finished(folder, config)) is not None:
            console.say(f"{folder} holds the result of this configuration: skipped")
            return found
        claims.refuse_overwriting(folder, overwrite=cfg.overwrite)
        return measure(Setting(cfg, components, folder, Stages()), study, name)


def measure(setting: Setting, study: Callable[[Setting], StudyResult], name: str) -> dict[str, Any]:
    """Let a study measure, print, and write to the folder; returns what result.json holds."""
    result = study(setting)
    content = {
        "experiment": name,
        "seeds": list(setting.seeds),
        "estimates": result.estimates.records(),
        "verdicts": list(result.verdicts),
        **result.details,
        "config": compose.plain(setting.cfg),
        "overrides": jobs.overrides(),
        "versions": outputs.versions(),
        "seconds": setting.stages.seconds,
    }
    title = f"{name}: {count_seeds(len(setting.components))}"
    show(result, title)
    write(result, content, setting.folder, title)
    return content


def choose_seeds(config: Mapping[str, Any]) -> list[int]:
    """The one seed of a sweep's job, or the list of them.

    Raises:
        InputError: for no seed, or one that occurs twice.
    """
    seeds = list(config["seeds"]) if config["seed"] is None else [config["seed"]]
    if not seeds:
        raise InputError("seeds: wanted at least one, got none; e.g. seeds=[0,1,2]")
    if len(set(seeds)) < len(seeds):
        raise InputError(f"seeds: wanted different ones, got {seeds}; name each once")
    return seeds


def count_seeds(number: int) -> str:
    """How many seeds, in words."""
    return f"{number} seed{'s' if number > 1 else ''}"


def check_level(level: float, option: str = "level") -> None:
    """Refuse a coverage that is none."""
    if not 0 < level < 1:
        raise InputError(f"{option}: wanted a probability in (0, 1), got {level}; 0.95 is usual")


def check_worst(worst: int, option: str = "worst") -> None:
    """Refuse a number of rows to show that is below none."""
    if worst < 0:
        raise InputError(f"{option}: wanted 0 rows or more, got {worst}; 24 is usual")


def components_of(cfg: DictConfig, seed: int) -> Components:
    """Everything instantiated, with the keys of one seed, and a store of its own for its kernels.

    Raises:
        InputError: for rows that judge each other in folds, which baselines cannot.
    """
    made = compose.components(OmegaConf.merge(cfg, {"seed": seed}))  # pyright: ignore
    if made.kernel.store is not None:
        own = replace(made.kernel, store=f"{made.kernel.store}/seed-{seed}")
        made = replace(made, kernel=own)
    if made.is_cross_fit:
        raise InputError(
            f"data.holdout: wanted a share of the rows, got {compose.CROSS_FIT}, which only "
            "experiments.value knows; set data.holdout=0.2"
        )
    if "fixed_data" in cfg and cfg.fixed_data:
        return replace(made, keys={**made.keys, **_keys_of_data()})
    return made


def _keys_of_data() -> dict[str, PRNGKey]:
    """Keys of seed 0 for the data, its parties, and what is done to it."""
    keys = compose.streams(0)
    return {name: keys[name] for name in ("data", "parties", "corruption")}


def read_finished(folder: Path, config: Mapping[str, Any]) -> dict[str, Any] | None:
    """The result that a folder holds, if it is of the same configuration."""
    path = folder / outputs.RESULT
    if not path.is_file():
        return None
    content = outputs.read_result(path)
    return content if _deciding(content["config"]) == _deciding(config) else None


def _deciding(config: Mapping[str, Any]) -> dict[str, Any]:
    """The options that change what a run gives, as JSON holds them."""
    kept = {key: value for key, value in config.items() if key not in IGNORED}
    return json.loads(json.dumps(kept, default=str))


def show(result: StudyResult, title: str) -> None:
    """Print the table, then the answer in words."""
    for text in result.notes:
        console.note(text)
    console.table(title, result.headers, result.rows)
    for sentence in result.verdicts:
        console.say(sentence)


def write(result: StudyResult, content: Mapping[str, Any], folder: Path, title: str) -> None:
    """Write the run's files, whole or not at all; an earlier failure's record goes."""
    document = study_page(
        title,
        verdicts=result.verdicts,
        tables=[text_table(title, result.headers, result.rows)],
        figure=result.figure,
        notes=result.notes,
        content=content,
    )
    files = {
        TABLE: outputs.csv_writer(result.measurements),
        FIGURE: partial(plots.save, result.figure),
        REPORT: page_writer(document),
        outputs.RESULT: outputs.result_writer(content),
    }
    if result.parts is not None:
        files[COALITIONS] = outputs.csv_writer(result.parts)
    write_whole(folder, files)
    (folder / outputs.FAILURE).unlink(missing_ok=True)
    console.say(f"written to {folder}: {', '.join(files)}")
