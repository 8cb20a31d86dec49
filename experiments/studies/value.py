"""One valuation from data to files: what `experiments.value` runs."""

from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from davinz_jax.types import Utility
from experiments.report import values
from experiments.report.values import Run
from experiments.runtime import compose, console
from experiments.runtime.compose import Components
from experiments.runtime.console import Stages
from experiments.runtime.context import Context
from experiments.runtime.errors import InputError
from experiments.runtime.schema.value import Players

CHECKPOINT = "checkpoint"


def run(cfg: DictConfig, folder: Path) -> dict[str, Any]:
    """Value all players, print, and write to the folder; returns what result.json holds."""
    options: Any = OmegaConf.to_object(cfg.value)
    if options.resume is not None:
        folder = find_interrupted(Path(options.resume))
    components, stages = compose.components(cfg), Stages()
    context, utility = prepare(components, cfg.players, stages, folder / CHECKPOINT)
    folder.mkdir(parents=True, exist_ok=True)
    with stages.stage("semivalue"):
        valuation = components.value(context, utility)
    valued = Run(context, utility, valuation, stages.seconds, components.seed)
    content = values.result(valued, compose.plain(cfg))
    values.show(valued, options.level)
    values.save(valued, content, folder, options)
    (folder / CHECKPOINT).unlink(missing_ok=True)
    return content


def share(cfg: DictConfig) -> dict[str, Any]:
    """Compute this process's share of the kernels, for the first process to go on from."""
    prepare(compose.components(cfg), cfg.players, Stages())
    console.say("kernels done; process 0 has them and goes on alone")
    return {}


def prepare(
    components: Components, players: Players, stages: Stages, checkpoint: Path | None = None
) -> tuple[Context, Utility]:
    """Load the data and compute the kernels once."""
    with stages.stage("data"):
        rows = components.load(stages.progress)
    context = components.context(
        rows,
        stages,
        values_rows=players == Players.rows,
        checkpoint=checkpoint,
        announce=stages.announce,
    )
    with stages.stage("utility"):
        return context, components.utility(context.ingredients)


def find_interrupted(folder: Path) -> Path:
    """The folder of an interrupted run.

    Raises:
        InputError: if it holds no checkpoint.
    """
    if not (folder / CHECKPOINT).is_file():
        raise InputError(
            f"value.resume: wanted the folder of an interrupted run, got {folder} without a "
            f"file {CHECKPOINT!r}; leave value.resume out to start anew"
        )
    return folder
