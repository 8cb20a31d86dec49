"""A run: make each game, value its parties by every score, compare, show, write and keep.

The values of a game are kept in the store once found, so that a killed run goes on where it was.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from omegaconf import DictConfig

from davinz_jax.files import Writer
from experiments.report import plots
from experiments.report.tables import span
from experiments.runtime import compose, console, outputs
from experiments.studies.base import check_level
from experiments.studies.kept import Shelf, decisive, find_once, leave, run_in_folder
from experiments.studies.party_quality import analysis, page
from experiments.studies.party_quality.figures import order_figure
from experiments.studies.party_quality.games import make_game
from experiments.studies.party_quality.report import report
from experiments.studies.party_quality.scores import MEASURED, SCORES, score_game, with_sums
from experiments.studies.party_quality.specs import PLANS, Plan, Spec
from experiments.studies.party_quality.validation import value_by_rows

RESULT = f"{page.STEM}.json"
DIGITS = 4


def run(cfg: DictConfig, folder: Path) -> dict[str, Any]:
    """Run a configuration; gives what the JSON file of the run holds."""
    return run_in_folder(cfg, folder, RESULT, _run)


def _run(cfg: DictConfig, folder: Path) -> dict[str, Any]:
    check_level(cfg.level)
    store = (folder if cfg.store is None else Path(cfg.store)) / "games"
    root = None if cfg.root is None else Path(cfg.root)
    stages, plan = console.Stages(), PLANS[cfg.size.value]
    records = value_games(plan, root, store, stages)
    with stages.stage("validation rows"):
        by_rows = [value_rows(spec, plan, root, store) for spec in plan.growing]
    frame = analysis.by_game(records)
    content = summary(cfg, frame, records, by_rows)
    content |= {"versions": outputs.versions(), "config": decisive(compose.plain(cfg))}
    content["seconds"] = stages.seconds
    show(content)
    figure = order_figure(content)
    shelf = Shelf(page.KEPT, page.PAGE, page.main) if cfg.keep else None
    leave(_files(frame, figure, content), folder, shelf, report=report(content, figure))
    return content


def value_games(
    plan: Plan, root: Path | None, store: Path, stages: console.Stages
) -> list[dict[str, Any]]:
    """Every game of a plan with the values of its parties."""
    records = []
    with stages.stage("games"):
        for done, (role, spec) in enumerate(plan.roles, 1):
            about = {"role": role, "data": spec.data, "quality": spec.quality, "draw": spec.draw}
            records.append(about | value_game(spec, root, store))
            stages.progress(done, len(plan.roles), "games")
    return records


def value_game(spec: Spec, root: Path | None, store: Path) -> dict[str, Any]:
    """What a game's parties are and are worth, read from the store or found and kept there."""

    def find() -> dict[str, Any]:
        game = make_game(spec, root=root)
        return {
            "parties": game.parties.names,
            "party_quality": game.quality.tolist(),
            "values": score_game(game),
        }

    found = find_once(store, spec.name, (spec, tuple(MEASURED)), find)
    return found | {"values": with_sums(found["values"], spec.num_classes)}


def value_rows(spec: Spec, plan: Plan, root: Path | None, store: Path) -> dict[str, Any]:
    """Leave-one-out values on ever more validation rows, read from the store or found."""
    counts = plan.validation_rows
    name = f"{spec.name}-validation"
    return find_once(store, name, (spec, counts), lambda: value_by_rows(spec, counts, root))


def summary(
    cfg: DictConfig,
    frame: pd.DataFrame,
    records: list[dict[str, Any]],
    by_rows: list[dict[str, Any]],
) -> dict[str, Any]:
    """What the JSON file says of the run's numbers."""
    how = {
        "key": compose.random_key(cfg.seed),
        "num_resamples": cfg.num_resamples,
        "level": cfg.level,
    }
    plan = PLANS[cfg.size.value]
    return {
        "chosen": analysis.choose(frame),
        "order": analysis.summarise(frame, **how),
        "copies": analysis.compare_copies(records, **how),
        "validation_rows": analysis.summarise_rows(by_rows, **how),
        "specs": [
            {"role": role, "data": spec.data, "quality": spec.quality, "rows": spec.rows,
             "validation": spec.validation, "num_initialisations": spec.num_initialisations}
            for role, spec in plan.kinds
        ],
        "growing": plan.growing_data,
    }  # fmt: skip


def show(content: Mapping[str, Any]) -> None:
    """Print how the scores order the parties of showing games, and which was chosen."""
    for quality in page.QUALITIES:
        rows = page.order_rows(content, "showing", quality)
        console.table(f"Spearman of value with clean {quality}, showing draws", *rows)
    chosen = content["chosen"]
    console.say(f"chosen on the choosing draws: {SCORES[chosen].title}")
    for row in analysis.look_up(content["copies"], score=chosen, semivalue=page.SHAPLEY):
        numbers = (row["mean"], row["low"], row["high"])
        console.say(f"{row['data']}: {row['comparison']}: {span(numbers)} of a mean value")


def _files(frame: pd.DataFrame, figure: Figure, content: Mapping[str, Any]) -> dict[str, Writer]:
    index = ["role", "quality", "data", "draw", "semivalue"]
    wide = frame.pivot(index=index, columns="score", values="spearman").round(DIGITS)
    names = [name for name in SCORES if name in wide.columns]
    return {
        f"{page.STEM}.csv": outputs.csv_writer(wide[names].reset_index()),
        f"{page.STEM}.png": partial(plots.save, figure),
        RESULT: outputs.json_writer(content),
    }
