"""One valuation from data to files: what `experiments.value` runs."""

from collections.abc import Iterator, Set
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from davinz_jax import Dataset
from davinz_jax.data.holdout import is_held_out
from davinz_jax.files import Writer
from davinz_jax.semivalues.row_sums import files_of
from davinz_jax.types import Utility
from experiments.report import doubts, values
from experiments.report.chosen import describe_choice
from experiments.report.doubts import Doubts
from experiments.report.judged import (
    VALIDATION_ROWS,
    Explained,
    judged_frame,
    worst_predicted,
)
from experiments.report.page.of_values import values_page
from experiments.report.page.render import REPORT, page_writer
from experiments.report.plots_ridges import ridge_writers
from experiments.report.told import Told
from experiments.report.values import Run
from experiments.runtime import auto, claims, compose, console, outputs, validation_rows
from experiments.runtime.auto import Resolved
from experiments.runtime.compose import Components
from experiments.runtime.console import Stages
from experiments.runtime.context import Context
from experiments.runtime.errors import InputError
from experiments.runtime.holdout import choose_holdout
from experiments.runtime.schema.value import Players, ValueOptions
from experiments.runtime.second_opinion import choose_second
from experiments.studies import worst_rows
from experiments.studies.base import check_level, check_worst
from experiments.studies.second_opinion import Second, checkpoint_of_second
from experiments.studies.trust.identity import identify, read_trust

CHECKPOINT = "checkpoint"


@dataclass(frozen=True)
class Prepared:
    """A run whose data is loaded; its kernels are computed when a utility is made of it.

    Attributes:
        components: what the configuration names, or was chosen.
        choice: the configuration without `auto`, and why.
        second: the second opinion to be formed, if any.
        context: data, players and kernels.
        source_rows: the rows in use as their source has them, not spoilt.
        settings: what was configured, before anything was chosen.
        named: options that the command line names.
        stages: times of what has been done.
        folder: where the run writes.
        told: what a trust run said, if one is named.
    """

    components: Components
    choice: Resolved
    second: Second | None
    context: Context
    source_rows: Dataset
    settings: dict[str, Any]
    named: Set[str]
    stages: Stages
    folder: Path
    told: Told | None = None

    def doubt(self) -> Doubts | None:
        """What all other rows say of each row; None where they cannot tell."""
        return worst_rows.doubt(
            self.components,
            self.context,
            self.source_rows,
            settings=self.settings,
            named=self.named,
            stages=self.stages,
        )


@contextmanager
def claim(cfg: DictConfig, folder: Path) -> Iterator[Path]:
    """Hold the folder of the run, its own or that of the run it goes on with; gives the folder.

    Raises:
        Taken: if the folder is in use, or holds a result that is not to be replaced.
    """
    if cfg.value.resume is not None:
        folder = find_interrupted(Path(cfg.value.resume))
    with claims.claim(folder, overwrite=cfg.overwrite):
        yield folder


def prepare(cfg: DictConfig, folder: Path, named: Set[str] = frozenset()) -> Prepared:
    """Make everything that the configuration names, load the data, and choose what is `auto`.

    Args:
        cfg: of the command.
        folder: where the run is to write.
        named: options that the command line names, by which choices go.
    """
    check_level(cfg.value.level, "value.level")
    check_worst(cfg.value.worst, "value.worst")
    (settings, why_held), stages = choose_holdout(compose.plain(cfg)), Stages()
    provided = compose.components(OmegaConf.create(auto.provide(settings)))
    with stages.stage("data"):
        source_rows, parties = provided.deal(stages.progress)
        rows = provided.spoil(source_rows, parties)
        situation = auto.Situation.of(rows, values_rows=cfg.players == Players.rows)
        choice = auto.resolve(settings, situation, named)
        if why_held and is_held_out(rows.dataset.notes):
            choice = choice.with_reason("holdout", f"rows are held out, for {why_held}")
        check_ridge_figure(cfg.value.ridge_figure, choice.settings["ntk"]["ridge"])
        told = find_told(cfg.trust, rows.dataset, choice)
        if cfg.per_validation_row:
            validation_rows.refuse(choice.settings)
        for line in describe_choice(choice, situation):
            console.say(line)
    second = choose_second(choice, situation, wanted=cfg.second_opinion)
    components = compose.components(OmegaConf.create(choice.settings))
    components = components if choice.uses_network else components.without_network()
    context = components.context(
        rows,
        stages,
        values_rows=cfg.players == Players.rows,
        checkpoint=folder / CHECKPOINT,
        announce=stages.announce,
    )
    opinion = None if second is None else Second(second, is_wanted=bool(cfg.second_opinion))
    return Prepared(
        components, choice, opinion, context, source_rows, settings, named, stages, folder, told
    )


def run(prepared: Prepared, utility: Utility, cfg: DictConfig) -> dict[str, Any]:
    """Value all players, print, and write to the folder; returns what result.json holds.

    Args:
        prepared: data, players and kernels.
        utility: what is shared out.
        cfg: of the command.
    """
    context, folder, options = prepared.context, prepared.folder, OmegaConf.to_object(cfg.value)
    assert isinstance(options, ValueOptions)
    folder.mkdir(parents=True, exist_ok=True)
    with prepared.stages.stage("semivalue"):
        kept = {validation_rows.OPTION: True} if cfg.per_validation_row else {}
        valuation = prepared.components.value(context, utility, **kept)
    found = prepared.doubt() if options.worst else None
    second = None
    if prepared.second is not None:
        second = prepared.second.form(context, valuation, prepared.stages)
    seconds, seed = prepared.stages.seconds, prepared.components.seed
    valued = Run(context, utility, valuation, seconds, seed, second, prepared.told)
    content = values.result(valued, prepared.choice.settings, prepared.choice.reasons)
    content["worst_rows"] = None if found is None else doubts.summary(found)
    values.show(valued, options.level)
    if found is not None:
        doubts.show_worst(found, options.worst)
    judged, tables = judge_rows(valued, options.level)
    page = values_page(
        valued, content, level=options.level, found=found, worst=options.worst, judged=judged
    )
    more = {REPORT: page_writer(page), **tables}
    if found is not None:
        more |= doubts.worst_writers(found, options.worst)
    if options.ridge_figure:
        more |= ridge_writers(context.ingredients.ridge_curves, title=valued.title)
    values.save(valued, content, folder, options, more)
    checkpoint = folder / CHECKPOINT
    for path in (checkpoint, checkpoint_of_second(checkpoint), *files_of(checkpoint)):
        path.unlink(missing_ok=True)
    return content


def judge_rows(valued: Run, level: float) -> tuple[list[Explained], dict[str, Writer]]:
    """The validation rows predicted worst, and the table of all; none where none were kept."""
    if valued.valuation.by_validation_row is None:
        return [], {}
    frame = judged_frame(valued.context.dataset, valued.utility, valued.valuation)
    found = worst_predicted(valued.context, valued.valuation, frame, level=level)
    return found, {VALIDATION_ROWS: outputs.csv_writer(frame)}


def find_told(folder: str | None, dataset: Dataset, choice: Resolved) -> Told | None:
    """What the trust run of a folder said, refused if it was of something else; None without."""
    return None if folder is None else read_trust(Path(folder), identify(dataset, choice))


def check_ridge_figure(is_wanted: bool, ridge: Any) -> None:
    """Refuse a figure of a choice that is not made.

    Raises:
        InputError: where the ridge is a number.
    """
    if is_wanted and ridge != "auto":
        raise InputError(
            f"value.ridge_figure: wanted a ridge that the data chooses, got {ridge}; set "
            "ntk.ridge=auto, or leave the figure out"
        )


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
