"""A trust run: rows parted, sets made, scored and trained on, compared, written."""

from collections.abc import Callable, Set
from dataclasses import asdict, dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from davinz_jax.data.checks import require_numbers
from davinz_jax.files import write_whole
from davinz_jax.types import PRNGKey
from experiments.report import plots
from experiments.report.chosen import describe_utility
from experiments.report.page.render import REPORT, page_writer
from experiments.runtime import auto, claims, compose, console, outputs
from experiments.runtime.auto import Resolved, Situation
from experiments.runtime.compose import Components
from experiments.runtime.console import Stages
from experiments.runtime.context import Rows
from experiments.runtime.errors import InputError
from experiments.runtime.holdout import choose_holdout
from experiments.runtime.network import Model
from experiments.runtime.schema.value import Players
from experiments.studies.base import check_level
from experiments.studies.trust import analysis
from experiments.studies.trust.budget import Budget
from experiments.studies.trust.deals import Deals, deal_of, part_anew
from experiments.studies.trust.figures import calibration_figure
from experiments.studies.trust.identity import NAME, identify
from experiments.studies.trust.measure import Measured, Workshop, is_complete
from experiments.studies.trust.report import report, show
from experiments.studies.trust.rule import LEAST_SETS
from experiments.studies.trust.scores import UTILITY, Scorer
from experiments.studies.trust.sets import DrawnSet, choose_num_rows
from experiments.studies.trust.store import FOLDER, Store, digest
from experiments.studies.trust.truth import IMAGE, TABLE, Achieved, Teacher

FIGURE = "calibration.png"


def run(
    cfg: DictConfig, folder: Path, named: Set[str] = frozenset(), *, began: float | None = None
) -> dict[str, Any]:
    """Run a configuration; gives what result.json holds.

    Args:
        cfg: of the command.
        folder: where the run writes.
        named: options that the command line names.
        began: moment from which the time counts, by the monotonic clock; None for now.
    """
    check(cfg)
    budget, goes_on = Budget(60 * cfg.minutes, began=began), cfg.resume is not None
    if goes_on:
        folder = find_interrupted(Path(cfg.resume))
    with claims.claim(folder, overwrite=cfg.overwrite or goes_on):
        return _run(cfg, folder, named, budget)


def check(cfg: DictConfig) -> None:
    """Refuse options that no run can be made of.

    Raises:
        InputError: naming the first.
    """
    check_level(cfg.level)
    if not 0 < cfg.minutes < float("inf"):
        raise InputError(f"minutes: wanted a number above 0, got {cfg.minutes:g}; 5 are usual")
    if cfg.num_sets < LEAST_SETS:
        raise InputError(
            f"num_sets: wanted at least {LEAST_SETS}, got {cfg.num_sets}; leave it out for 1000"
        )
    if cfg.num_seeds < 2:
        raise InputError(
            f"num_seeds: wanted at least 2, so that trainings can be compared, got {cfg.num_seeds}"
        )
    if not 0 < cfg.learning_rate < float("inf"):
        raise InputError(
            f"learning_rate: wanted a number above 0, got {cfg.learning_rate:g}; 0.002 is usual"
        )


def find_interrupted(folder: Path) -> Path:
    """The folder of a run to go on with.

    Raises:
        InputError: if nothing that was trained is kept there.
    """
    if not (folder / FOLDER).is_dir():
        raise InputError(
            f"resume: wanted the folder of a run of experiments.trust, got {folder} without "
            f"{FOLDER}/; leave resume out to start anew"
        )
    return folder


@dataclass(frozen=True)
class Prepared:
    """A run whose data is loaded.

    Attributes:
        rows: the data in use.
        deals: partings of its rows by what they serve, and sets of each.
        choice: the configuration without `auto`.
        named: the utility, in words.
        provided: components, and their keys.
        stages: times of what has been done.
    """

    rows: Rows
    deals: Deals
    choice: Resolved
    named: str
    provided: Components
    stages: Stages

    @property
    def key(self) -> PRNGKey:
        """For what is trained, and resampled."""
        return self.provided.keys["training"]


def prepare(cfg: DictConfig, named: Set[str]) -> Prepared:
    """Load the data, choose what is `auto` as `value` does, and part the rows."""
    (settings, _), values_rows = choose_holdout(compose.plain(cfg)), cfg.players == Players.rows
    provided, stages = compose.components(OmegaConf.create(auto.provide(settings))), Stages()
    with stages.stage("data"):
        rows = provided.load(stages.progress)
        require_numbers(rows.dataset, "data")
        situation = Situation.of(rows, values_rows=values_rows)
        choice = auto.resolve(settings, situation, named_for_utility(named))
        part = part_anew(
            rows.dataset, None if values_rows else rows.parties, key=provided.keys["semivalue"]
        )
        num_rows = choose_num_rows(cfg.num_rows, part(0))
    deals = Deals(part, num_rows, provided.keys["corruption"])
    words = describe_utility(choice.settings, situation)
    return Prepared(rows, deals, choice, words, provided, stages)


def named_for_utility(named: Set[str]) -> Set[str]:
    """Named options by which the utility is chosen.

    A network is trained in any case; where utility or kernel are named, it asks for no kernel.
    """
    if not {"utility", "kernel"} & named:
        return named
    return {name for name in named if name.partition(".")[0] != "model"}


def _run(cfg: DictConfig, folder: Path, named: Set[str], budget: Budget) -> dict[str, Any]:
    ready = prepare(cfg, named)
    scorer = Scorer.of(ready.choice, values_rows=cfg.players == Players.rows)
    identity = identify(ready.rows.dataset, ready.choice)
    store = Store(folder / FOLDER, _context(cfg, ready, identity), budget)
    store.refuse_others()
    store.go_on()
    teach = _teach(ready, cfg.learning_rate)
    shop = Workshop(ready.deals.draw, scorer, teach, store, budget, ready.stages.progress)
    console.say(f"trained networks are kept; if this run ends early: resume={folder}")
    with ready.stages.stage("networks"):
        measured = shop.measure(cfg.num_sets, cfg.num_seeds)
    content = summarise(measured, scorer, ready, level=cfg.level)
    content |= describe(cfg, ready, identity)
    content["budget"] = {
        "minutes": cfg.minutes,
        "spent_minutes": budget.spent / 60,
        "ended_by": "count" if is_complete(measured, cfg.num_sets, cfg.num_seeds) else "time",
    }
    show(content)
    leave(content, folder)
    return content


def _teach(ready: Prepared, rate: float) -> Callable[[DrawnSet, int], Achieved]:
    """Trains a network on a set, by the teacher of its parting."""
    model = Model.of(ready.choice.settings["model"])

    @lru_cache(maxsize=2)
    def teacher(deal: int) -> Teacher:
        return Teacher.of(model, ready.deals.part(deal), rate=rate, key=ready.key)

    return lambda drawn, seed: teacher(deal_of(drawn.number)).train(drawn, seed)


def _context(cfg: DictConfig, ready: Prepared, identity: dict[str, Any]) -> str:
    """Hash of all that decides a score or a training beside set and seed."""
    settings, parties = ready.choice.settings, ready.rows.parties
    whose = (parties.names, parties.indices.tolist())
    return digest(identity, TABLE, IMAGE, settings["model"], settings["num_initialisations"], whose,
                  cfg.seed, ready.deals.num_rows, cfg.players, cfg.learning_rate,
                  ready.rows.dataset.sha256())  # fmt: skip


def describe(cfg: DictConfig, ready: Prepared, identity: dict[str, Any]) -> dict[str, Any]:
    """What the run was of."""
    dataset = ready.rows.dataset
    return {
        "experiment": NAME,
        "level": cfg.level,
        "sizes": ready.deals.part(0).sizes | {"set": ready.deals.num_rows},
        "identity": identity,
        "notes": list(dataset.notes),
        "config": ready.choice.settings,
        "versions": outputs.versions(),
        "data_sha256": dataset.sha256(),
        "seconds": ready.stages.seconds,
    }


def summarise(
    measured: list[Measured], scorer: Scorer, ready: Prepared, *, level: float
) -> dict[str, Any]:
    """Scores, verdicts, the sentence, and each set."""
    columns = analysis.table_of(measured, scorer)
    accuracy, skill = analysis.accuracies(measured), analysis.skills(measured)
    ground = analysis.find_ground(measured, level=level, key=ready.key)
    scores = analysis.agree(columns, accuracy, skill, ground, level=level, key=ready.key)
    task = ready.rows.dataset.task
    counts = {
        "num_sets": len(measured),
        "num_networks": sum(len(each.achieved) for each in measured),
    }
    return {
        "utility": ready.named,
        "task": task,
        "verdict": scores[UTILITY]["verdict"],
        "sentence": analysis.say(scores[UTILITY], ground, ready.named, task, **counts),
        "scores": scores,
        "ground": asdict(ground) | {"learns": ground.learns, "repeats": ground.repeats},
        **counts,
        "kinds": analysis.by_kind([each.kind for each in measured], columns[UTILITY], accuracy),
        "sets": [
            {"number": each.number, "parting": deal_of(each.number), "kind": each.kind,
             "made": each.made,
             "trained": [one.accuracy for one in each.achieved],
             "accuracy": float(accuracy[at]), "skill": float(skill[at])}
            | {name: float(column[at]) for name, column in columns.items()}
            for at, each in enumerate(measured)
        ],
    }  # fmt: skip


def leave(content: dict[str, Any], folder: Path) -> None:
    """Write the run's files, result.json last."""
    page = report(content, calibration_figure(content))
    files = {
        FIGURE: partial(plots.save, calibration_figure(content)),
        REPORT: page_writer(page),
        outputs.RESULT: outputs.result_writer(content),
    }
    write_whole(folder, files)
    console.say(f"written to {folder}: {', '.join(files)}; value trust={folder} repeats it")
