"""A run: for each draw make the sets, train, score; then compare, show, write and keep.

Trainings and kernels are kept in the store as they are made, so that a killed run goes on where it
was, and one with other scores needs neither.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from omegaconf import DictConfig

from davinz_jax.files import Writer
from experiments.report import plots
from experiments.runtime import claims, compose, console, outputs
from experiments.studies.base import check_level
from experiments.studies.fidelity import analysis, page, truth
from experiments.studies.fidelity.draws import Draw, make_draw
from experiments.studies.fidelity.figures import scores_figure
from experiments.studies.fidelity.report import ranking, report
from experiments.studies.fidelity.scores import SCORES, score_sets
from experiments.studies.fidelity.specs import PLANS, Spec
from experiments.studies.fidelity.truth import Achieved
from experiments.studies.fidelity.views import Views
from experiments.studies.kept import Shelf, decisive, is_result_of, leave

SETS, LINES = f"{page.STEM}_sets.csv", f"{page.STEM}.csv"
FIGURE, RESULT = f"{page.STEM}.png", f"{page.STEM}.json"
DIGITS = 4


@dataclass(frozen=True)
class Finished:
    """A draw that was trained and scored.

    Attributes:
        role: choosing or showing.
        spec: the draw.
        sets: one row a set.
        achieved: what the networks of each set achieve, one a seed.
        sizes: rows of the draw's parts.
    """

    role: str
    spec: Spec
    sets: pd.DataFrame
    achieved: list[list[Achieved]]
    sizes: Mapping[str, int]


def run(cfg: DictConfig, folder: Path) -> dict[str, Any]:
    """Run a configuration; gives what the JSON file of the run holds."""
    with claims.hold(folder):
        goes_on = is_result_of(compose.plain(cfg), folder / RESULT)
        claims.refuse_overwriting(folder, overwrite=cfg.overwrite or goes_on, seal=RESULT)
        return _run(cfg, folder)


def _run(cfg: DictConfig, folder: Path) -> dict[str, Any]:
    check_level(cfg.level)
    store = folder if cfg.store is None else Path(cfg.store)
    root = None if cfg.root is None else Path(cfg.root)
    stages = console.Stages()
    plan = PLANS[cfg.size.value]
    finished = [finish(role, spec, root, store, stages) for role, spec in plan.roles]
    frame = pd.concat([each.sets for each in finished], ignore_index=True)
    key = compose.random_key(cfg.seed)
    with stages.stage("resamples"):
        roles = analysis.agree(frame, num_resamples=cfg.num_resamples, key=key)
    lines = analysis.by_draw(roles)
    content = summary(cfg, roles, lines, finished)
    content |= {"versions": outputs.versions(), "config": decisive(compose.plain(cfg))}
    content["seconds"] = stages.seconds
    show(content)
    figure = scores_figure(content["showing"], _of_role(lines, "showing"))
    shelf = Shelf(page.KEPT, page.PAGE, page.main) if cfg.keep else None
    leave(_files(frame, lines, figure, content), folder, shelf, report=report(content, figure))
    return content


def finish(
    role: str, spec: Spec, root: Path | None, store: Path, stages: console.Stages
) -> Finished:
    """Make, train and score one draw."""
    with stages.stage(f"{spec.name}: sets"):
        draw = make_draw(spec, root=root)
    with stages.stage(f"{spec.name}: training"):
        truth.train_sets(
            draw, store / "truths", lambda done, all_: stages.progress(done, all_, "trainings")
        )
    with stages.stage(f"{spec.name}: kernels"):
        views = Views(draw, store / "kernels")
    with stages.stage(f"{spec.name}: scores"):
        scores = score_sets(draw, views, lambda done, all_: stages.progress(done, all_, "sets"))
    achieved = truth.read_truth(draw, store / "truths")
    sets = scores.round(DIGITS)
    sets.insert(0, "role", role)
    sets.insert(1, "draw", spec.name)
    sets.insert(5, "accuracy", _means(achieved, "accuracy"))
    sets.insert(6, "loss", _means(achieved, "loss"))
    return Finished(role, spec, sets, achieved, _sizes(draw))


def summary(
    cfg: DictConfig,
    roles: Mapping[str, analysis.Role],
    lines: pd.DataFrame,
    finished: list[Finished],
) -> dict[str, Any]:
    """What the JSON file says of the run's numbers."""
    chosen = analysis.choose(roles["choosing"])
    accuracies = {
        each.spec.name: np.array([[a.accuracy for a in one] for one in each.achieved])
        for each in finished
    }
    key = compose.random_key(cfg.seed)
    return {
        "chosen": chosen,
        **{
            role: analysis.summarise(found, _pairs(lines, role), level=cfg.level)
            for role, found in roles.items()
        },
        "draws": {
            role: dict(zip(found.draws, map(len, found.parts), strict=True))
            for role, found in roles.items()
        },
        "reliability": analysis.reliabilities(accuracies, key=key),
        "minus_rbf_by_draw": analysis.draw_differences(
            roles["showing"],
            chosen[analysis.LABELLED],
            page.RBF,
            key=key,
            num_resamples=cfg.num_resamples,
            level=cfg.level,
        ),
        "kinds": analysis.kinds(roles["showing"]),
        "training": _training(finished),
        "specs": [_describe(each) for each in finished],
    }


def show(content: Mapping[str, Any]) -> None:
    """Print the scores on showing draws, from the best down, and what was chosen."""
    console.table(*ranking(content))
    for group, name in content["chosen"].items():
        console.say(f"chosen on the choosing draws, {group}: {SCORES[name].title}")


def _files(
    frame: pd.DataFrame, lines: pd.DataFrame, figure: Figure, content: Mapping[str, Any]
) -> dict[str, Writer]:
    return {
        SETS: outputs.csv_writer(frame),
        LINES: outputs.csv_writer(lines.round(DIGITS)),
        FIGURE: partial(plots.save, figure),
        RESULT: outputs.json_writer(content),
    }


def _pairs(lines: pd.DataFrame, role: str) -> dict[str, float]:
    """Mean over draws of each score's rate of ordered pairs."""
    grouped = _of_role(lines, role).groupby("score", sort=False)
    return {str(name): float(np.mean(part["ordered_pairs"])) for name, part in grouped}


def _of_role(lines: pd.DataFrame, role: str) -> pd.DataFrame:
    return pd.DataFrame(lines[(lines["role"] == role).to_numpy()])


def _means(achieved: list[list[Achieved]], name: str) -> list[float]:
    """Mean over seeds, for each set."""
    return [round(float(np.mean([getattr(a, name) for a in one])), DIGITS) for one in achieved]


def _training(finished: list[Finished]) -> dict[str, float]:
    """Networks trained and the seconds they took, those found in the store included."""
    seconds = [a.seconds for each in finished for one in each.achieved for a in one]
    return {"networks": len(seconds), "seconds": round(sum(seconds), 1)}


def _sizes(draw: Draw) -> dict[str, int]:
    parts = ("base", "validation", "stopping", "test")
    return {name: len(getattr(draw, name)) for name in parts}


def _describe(finished: Finished) -> dict[str, Any]:
    spec = finished.spec
    sizes = {"num_rows": spec.num_rows, "num_sets": spec.num_sets, "num_seeds": spec.num_seeds}
    return {"draw": spec.name, "role": finished.role, **sizes, **finished.sizes}
