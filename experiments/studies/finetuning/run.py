"""A run: value rows by every method, tune networks on the best and worst, show, write and keep.

What was found is kept in the store, so that a killed run goes on where it was.
"""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float, Int
from omegaconf import DictConfig

from davinz_jax.evaluation import detection_auc
from davinz_jax.files import Writer
from experiments.report import plots
from experiments.runtime import compose, console, outputs
from experiments.runtime.errors import InputError
from experiments.studies.base import check_level
from experiments.studies.finetuning import analysis, figures, layers, page
from experiments.studies.finetuning.methods import METHODS, Bench, Scored
from experiments.studies.finetuning.problem import Problem, make_problem
from experiments.studies.finetuning.report import report
from experiments.studies.finetuning.training import Tuner, tuned_layers
from experiments.studies.kept import Shelf, decisive, find_once, leave, run_in_folder

RESULT = f"{page.STEM}.json"
REMOVED = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
"""Shares of the rows removed, lowest values first."""
TUNED = (
    "tangent_shapley",
    "balanced_shapley",
    "tangent_margin",
    "frozen_shapley",
    "knn_shapley",
    "influence",
    "random",
)
"""Methods on whose rows networks are tuned, which takes longest."""
_OF_ALL = ("top", "bottom")
UNTUNED = {
    "frozen_shapley": ("bottom",),
    **dict.fromkeys(("tangent_margin", "knn_shapley", "influence"), _OF_ALL),
    "random": (*_OF_ALL, "class_bottom"),
}
"""Sets of rows by these methods on which none is tuned."""


def run(cfg: DictConfig, folder: Path) -> dict[str, Any]:
    """Run a configuration; gives what the JSON file of the run holds."""
    return run_in_folder(cfg, folder, RESULT, _run)


def _run(cfg: DictConfig, folder: Path) -> dict[str, Any]:
    check_level(cfg.level)
    _check(cfg)
    store = folder / "pieces"
    stages = console.Stages()
    with stages.stage("rows and encoder"):
        problem = make_problem(cfg)
    pattern = _pattern(cfg, problem)
    bench = Bench(problem, pattern, cfg.num_permutations, store, cfg.seed, stages)
    known = {
        name: value
        for name, value in decisive(compose.plain(cfg)).items()
        if name not in ("level", "num_layer_rows")
    }
    scored = {name: _score(bench, name, store, known) for name in METHODS}
    by_layers = _compare_layers(cfg, bench, store, known)
    with stages.stage("networks tuned"):
        tuned = _tune_all(cfg, problem, scored, store, known)
    with stages.stage("rows removed"):
        curves = {name: _removal_curve(problem, found) for name, found in scored.items()}
    content = summary(cfg, problem, pattern, scored, tuned, curves)
    content["layers"] = by_layers
    content["seconds"] = {**_kept_seconds(store), **stages.seconds}
    console.table("wrong labels and tuned networks", *page.method_rows(content))
    drawn = figures.draw(content)
    shelf = Shelf(page.KEPT, page.PAGE, page.main) if cfg.keep else None
    values = pd.DataFrame({name: found.values for name, found in scored.items()})
    values.insert(0, "wrong_label", problem.is_wrong)
    files: dict[str, Writer] = {
        f"{page.STEM}_values.csv": outputs.csv_writer(values),
        **{name: partial(plots.save, figure) for name, figure in drawn.items()},
        RESULT: outputs.json_writer(content),
    }
    leave(files, folder, shelf, report=report(content, drawn))
    return content


def _check(cfg: DictConfig) -> None:
    """Refuse numbers of which nothing could follow."""
    for name, low, high in (("noise", 0.0, 0.5), ("share", 0.0, 0.5)):
        if not low < cfg[name] <= high:
            raise InputError(f"{name}: wanted a share in (0, {high:g}], got {cfg[name]}; set 0.1")
    for name in ("num_permutations", "num_seeds", "num_tuned", "num_epochs", "num_layer_rows"):
        least = 1 if name in ("num_tuned", "num_epochs") else 2
        if cfg[name] < least:
            raise InputError(f"{name}: wanted {least} or more, got {cfg[name]}; set more")


def _pattern(cfg: DictConfig, problem: Problem) -> str:
    """Pattern of the parameters that are tuned."""
    num_layers = problem.model.shape.num_layers
    if cfg.num_tuned > num_layers:
        raise InputError(
            f"num_tuned: wanted 1 to {num_layers} layers of this encoder, got {cfg.num_tuned}; "
            "set fewer"
        )
    return tuned_layers(cfg.num_tuned, num_layers)


def _score(bench: Bench, name: str, store: Path, known: Mapping[str, Any]) -> Scored:
    """Values by one method, found or kept, with the seconds that they took."""

    def find() -> dict[str, Any]:
        before = dict(bench.stages.seconds)
        found = bench.score(name)
        took = {
            stage: seconds - before.get(stage, 0.0)
            for stage, seconds in bench.stages.seconds.items()
            if seconds > before.get(stage, 0.0)
        }
        stderr = None if found.stderr is None else found.stderr.tolist()
        return {"values": found.values.tolist(), "stderr": stderr, "seconds": took}

    kept = find_once(store, f"scored-{name}", known, find)
    stderr = None if kept["stderr"] is None else np.array(kept["stderr"])
    return Scored(np.array(kept["values"]), stderr)


def _compare_layers(
    cfg: DictConfig, bench: Bench, store: Path, known: Mapping[str, Any]
) -> dict[str, Any]:
    """AUC of wrong labels and error of margins of the first rows, by the layers of the kernel."""
    problem, count = bench.problem, min(cfg.num_layer_rows, len(bench.problem.dataset))
    found = {
        name: find_once(
            store, f"layers-{name}", (*known.items(), count),
            partial(layers.margins_by, name, problem, bench.parameters, count, cfg.seed,
                    bench.stages),
        )
        for name in layers.KERNELS
    }  # fmt: skip
    margins = {name: np.array(each["values"]) for name, each in found.items()}
    auc = analysis.aucs(
        margins, problem.is_wrong[:count], key=compose.random_key(cfg.seed), level=cfg.level,
        ours="tuned",
    )  # fmt: skip
    return {
        "num_rows": count,
        "criterion": found["tuned"]["criterion"],
        "kernels": {name: auc[name] | {"error": each["error"]} for name, each in found.items()},
    }


def _kept_seconds(store: Path) -> dict[str, float]:
    """Seconds of what methods did, whenever they did it.

    A kernel that a later start computed again counts once, at its longest.
    """
    total: dict[str, float] = {}
    for path in sorted(store.glob("scored-*.json")):
        for stage, seconds in outputs.read_piece(path)["seconds"].items():
            total[stage] = max(total.get(stage, 0.0), seconds)
    return total


def _tune_all(
    cfg: DictConfig,
    problem: Problem,
    scored: Mapping[str, Scored],
    store: Path,
    known: Mapping[str, Any],
) -> list[dict[str, Any]]:
    """Accuracy of networks tuned on the best and the worst rows by each method, and on all."""
    made: list[Tuner] = []  # what it holds is computed only where a piece is missing

    def accuracy(rows: np.ndarray, seed: int) -> float:
        if not made:
            made.append(Tuner(problem, cfg.num_tuned, cfg.num_epochs))
        return made[0].accuracy(rows, seed)

    records = list[dict[str, Any]]()
    for name in TUNED:
        sides = choose_rows(scored[name].values, problem.dataset.targets, cfg.share)
        for side, rows in sides.items():
            if side in UNTUNED.get(name, ()):
                continue
            for seed in range(cfg.num_seeds):
                find = partial(_named, accuracy, rows, seed)
                piece = (*known.items(), name, side, seed)
                kept = find_once(store, f"tuned-{name}-{side}-{seed}", piece, find)
                records.append({"method": name, "side": side, "seed": seed, **kept})
    return records


def choose_rows(
    values: Float[np.ndarray, " n"], classes: Int[np.ndarray, " n"], share: float
) -> dict[str, Int[np.ndarray, " r"]]:
    """Rows that networks are tuned on: ends of all values, and of each class's, in order.

    The share is of all rows, or of each class; one row at least.
    """
    order = np.argsort(values, kind="stable")
    of_class = [order[classes[order] == each] for each in np.unique(classes)]
    counts = [max(1, round(share * len(rows))) for rows in of_class]
    ends = list(zip(of_class, counts, strict=True))
    count = max(1, round(share * len(order)))
    found = {
        "top": order[-count:],
        "bottom": order[:count],
        "class_top": np.concatenate([rows[-count:] for rows, count in ends]),
        "class_bottom": np.concatenate([rows[:count] for rows, count in ends]),
    }
    return {side: np.sort(rows) for side, rows in found.items()}


def _named(accuracy: Callable[[np.ndarray, int], float], rows: np.ndarray, seed: int) -> Any:
    return {"accuracy": accuracy(rows, seed)}


def _removal_curve(problem: Problem, found: Scored) -> list[float]:
    """Accuracy of a logistic regression on frozen features without the rows of lowest values."""
    from sklearn.linear_model import LogisticRegression

    order, accuracies = np.argsort(found.values, kind="stable"), list[float]()
    for share in REMOVED:
        rows = order[round(share * len(order)) :]
        labels = problem.dataset.targets[rows]
        model = LogisticRegression(max_iter=500).fit(problem.embeddings[rows], labels)
        right = model.predict(problem.validation_embeddings) == problem.validation_labels
        accuracies.append(round(float(right.mean()), 4))
    return accuracies


def summary(
    cfg: DictConfig,
    problem: Problem,
    pattern: str,
    scored: Mapping[str, Scored],
    tuned: list[dict[str, Any]],
    curves: Mapping[str, list[float]],
) -> dict[str, Any]:
    """What the JSON file says of the run's numbers."""
    key = compose.random_key(cfg.seed)
    values = {name: found.values for name, found in scored.items()}
    shapley = scored["tangent_shapley"]
    assert shapley.stderr is not None  # it is sampled
    return {
        "num_rows": len(problem.dataset),
        "num_validation_rows": len(problem.dataset.validation),
        "num_wrong": int(problem.is_wrong.sum()),
        "parameters": pattern,
        "auc": analysis.aucs(values, problem.is_wrong, key=key, level=cfg.level),
        "tuned": analysis.tuned(tuned, level=cfg.level),
        "removed": list(REMOVED),
        "curves": dict(curves),
        "sampling": {
            "spread_of_values": float(shapley.values.std()),
            "mean_stderr": float(shapley.stderr.mean()),
            "auc": float(detection_auc(shapley.values, problem.is_wrong)),
        },
        "notes": list(problem.dataset.notes),
        "versions": outputs.versions(),
        "config": {k: v for k, v in decisive(compose.plain(cfg)).items() if k not in PATHS},
    }


PATHS = ("path", "validation_path", "weights")
"""Options that name files of this machine, which are not kept."""
