"""One valuation from data to files: what `experiments.value` does after composing.

`value` computes, `result` gathers what result.json holds, `show` prints, `save` writes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from davinz_jax.data import Dataset
from davinz_jax.evaluation import detection_auc
from davinz_jax.linalg import condition_number, extreme_eigenvalues
from davinz_jax.semivalues import Valuation
from davinz_jax.types import Utility
from experiments.report import plots
from experiments.runtime import console, outputs
from experiments.runtime.compose import Components
from experiments.runtime.console import Stages
from experiments.runtime.context import Context
from experiments.runtime.errors import InputError

CHECKPOINT = "checkpoint"
MOST_LINES = 30


@dataclass(frozen=True)
class Run:
    """What one valuation came from and gave."""

    context: Context
    utility: Utility
    valuation: Valuation
    seconds: Mapping[str, float]
    seeds: Mapping[str, int]

    @property
    def dataset(self) -> Dataset:
        """The rows in use."""
        return self.context.dataset

    @property
    def values_rows(self) -> bool:
        """Whether single rows were valued."""
        return self.context.ingredients.values_rows

    @cached_property
    def sums(self) -> Valuation | None:
        """Sums of rows' values by party, where rows were valued."""
        return self.valuation.sum_by_party(self.context.parties) if self.values_rows else None


def prepare(
    components: Components, *, values_rows: bool, stages: Stages, checkpoint: Path | None = None
) -> tuple[Context, Utility]:
    """Load the data and compute the kernels once."""
    with stages.stage("data"):
        rows = components.load(stages.progress)
    context = components.context(
        rows, stages, values_rows=values_rows, checkpoint=checkpoint, announce=stages.announce
    )
    with stages.stage("utility"):
        return context, components.utility(context.ingredients)


def value(
    components: Components, *, values_rows: bool, folder: Path, is_resumed: bool, stages: Stages
) -> Run:
    """Look at the data once and value all players."""
    checkpoint = folder / CHECKPOINT
    if is_resumed and not checkpoint.is_file():
        raise InputError(
            f"value.resume: wanted the folder of an interrupted run, got {folder} without a "
            f"file {CHECKPOINT!r}; leave value.resume out to start anew"
        )
    context, utility = prepare(
        components, values_rows=values_rows, stages=stages, checkpoint=checkpoint
    )
    folder.mkdir(parents=True, exist_ok=True)
    with stages.stage("semivalue"):
        valuation = components.semivalue(
            utility,
            key=context.keys["semivalue"],
            checkpoint=checkpoint,
            progress=stages.progress,
        )
    num_initialisations = len(context.ingredients.initialisations)
    seeds = {"seed": components.seed, "num_initialisations": num_initialisations}
    return Run(context, utility, valuation=valuation, seconds=stages.seconds, seeds=seeds)


def result(run: Run, config: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that result.json holds; a missing number is null, never NaN."""
    described = run.utility.describe()
    content = {
        "method": run.valuation.method,
        "kappa": described.get("kappa"),
        "bandwidth": _bandwidth(described),
        "players": _records(run.valuation),
        "grand": _grand(run),
        "kernel": _kernel(run),
        "utility": described,
        "num_samples": run.valuation.num_samples,
        "seeds": run.seeds,
        "notes": list(run.dataset.notes),
        "encoding": run.dataset.encoding,
        "config": config,
        "versions": outputs.versions(),
        "data_sha256": run.dataset.sha256(),
        "seconds": run.seconds,
    }
    if run.sums is not None:
        content["parties_as_sum_of_rows"] = _records(run.sums)
    return content


def _records(valuation: Valuation) -> list[dict[str, Any]]:
    frame = valuation.to_frame().rename(columns={"player": "name"})
    records = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return [{str(key): value for key, value in record.items()} for record in records]


def _bandwidth(described: Mapping[str, Any]) -> Any:
    """σ: one number where there is one, else a list for each kernel or set of features."""
    found = described.get("bandwidth") or described.get("discrepancy", {}).get("bandwidth")
    while isinstance(found, list) and len(found) == 1:
        found = found[0]
    return found


def _grand(run: Run) -> dict[str, float]:
    """Utility of all players together, and the two parts as the paper has them (positive)."""
    everyone = np.ones((1, len(run.utility.players)), dtype=bool)
    parts = run.utility.coalitions(everyone)[..., 0].mean(axis=1)
    grand = {"value": float(parts.sum())}
    scale = {"complexity": run.utility.describe().get("kappa") or 1.0}
    for term, part in zip(run.utility.terms, parts, strict=True):
        if term in ("complexity", "discrepancy"):
            grand[term] = float(-part / scale.get(term, 1.0))
    return grand


def _kernel(run: Run) -> dict[str, Any] | None:
    """Health of Θ + λI, the worst over initialisations; null if no kernel was computed."""
    kernels = run.context.ingredients.computed_kernels
    if not kernels:
        return None
    kernel, ridge = kernels[0], run.context.ingredients.kernel_options.ridge
    extremes = extreme_eigenvalues(kernel.blocks, kernel.rows, ridge=ridge)
    return {
        "min_eigenvalue": float(extremes[:, 0].min()),
        "max_eigenvalue": float(extremes[:, 1].max()),
        "condition_number": float(condition_number(extremes).max()),
        "ridge": ridge,
        "num_blocks": kernel.num_blocks,
        "engine": kernel.engine,
        "output": kernel.output,
        "parameters": kernel.parameters,
    }


def show(run: Run, *, level: float, num_worst: int) -> None:
    """Print the values, best first, and what a reader should know."""
    for text in run.dataset.notes:
        console.note(text)
    frame = run.valuation.to_frame(level).sort_values("value", ascending=False)
    title = f"{_subject(run)}: {run.valuation.method} of {run.utility.describe()['kind']}"
    _print_table(title, _both_ends(frame), run.valuation.terms)
    if run.sums is not None:
        sums = run.sums.to_frame(level).sort_values("value", ascending=False)
        _print_table("parties, as the sum of their rows' values", sums, run.valuation.terms)
        if run.context.corrupted.any():
            console.say(_detection(run))
    else:
        doubtful = run.valuation.not_separable(level)
        if doubtful and run.valuation.num_initialisations > 1:
            pairs = ", ".join(f"{a}-{b}" for a, b in doubtful[:8])
            more = f" and {len(doubtful) - 8} more pairs" if len(doubtful) > 8 else ""
            console.note(f"not separable at {level:.0%}: {pairs}{more}")


def _detection(run: Run) -> str:
    """How well the lowest values, and the lowest of each part, find the corrupted rows."""
    parts = {"value": run.valuation.values}
    parts |= dict(zip(run.valuation.terms, run.valuation.term_values, strict=True))
    corrupted = run.context.corrupted
    areas = {name: detection_auc(part, corrupted) for name, part in parts.items()}
    shown = ", ".join(f"{name} {area:.3f}" for name, area in areas.items())
    return (
        f"{corrupted.sum()} of {len(corrupted)} rows were corrupted on purpose; area under the "
        f"ROC curve for finding them by the lowest: {shown}"
    )


def _subject(run: Run) -> str:
    kind = "rows" if run.values_rows else "parties"
    return f"{run.dataset.name}, {len(run.utility.players)} {kind}"


def _both_ends(frame: pd.DataFrame) -> pd.DataFrame:
    if len(frame) <= MOST_LINES:
        return frame
    return pd.concat([frame.head(MOST_LINES // 2), frame.tail(MOST_LINES // 2)])


def _print_table(title: str, frame: pd.DataFrame, terms: Iterable[str]) -> None:
    shown = [term for term in terms if len(tuple(terms)) > 1]
    headers = ["player", "value", "± stderr", *shown, "rank", "rows"]
    console.table(title, headers, (_cells(row, shown) for row in frame.to_dict("records")))


def _cells(row: Mapping[Any, Any], terms: Iterable[str]) -> list[str]:
    stderr = "-" if np.isnan(row["stderr"]) else f"{row['stderr']:.2g}"
    span = f"{row['rank']}"
    if row["rank_low"] != row["rank_high"]:
        span += f" ({row['rank_low']}-{row['rank_high']})"
    figures = [_figure(row["value"]), stderr, *(_figure(row[term]) for term in terms)]
    return [str(row["player"]), *figures, span, f"{row['num_rows']:,}"]


def _figure(number: float) -> str:
    return f"{number:+.5f}" if 1e-3 <= abs(number) < 1e4 or number == 0 else f"{number:+.3e}"


def save(
    run: Run, content: Mapping[str, Any], folder: Path, *, level: float, num_worst: int
) -> None:
    """Write the run's files, whole or not at all; result.json comes last, as the seal."""
    frame = run.valuation.to_frame(level).sort_values("value", ascending=False)
    if run.values_rows:
        row = np.array([int(name.removeprefix("row_")) for name in frame["player"]])
        frame = frame.assign(
            party=np.array(run.context.parties.names)[run.context.parties.indices[row]],
            target=run.dataset.targets[row],
            corrupted=run.context.corrupted[row],
        )
    title = f"{_subject(run)}: {run.valuation.method} of {run.utility.describe()['kind']}"
    figure = plots.values_figure(frame, run.valuation.terms, title=title, level=level)
    writers = {
        outputs.VALUES: outputs.csv_writer(frame),
        "values.png": partial(plots.save, figure),
        outputs.VALUATION: run.valuation.save,
    }
    if run.values_rows:
        writers |= _worst_rows(run, frame, num_worst)
    outputs.write_whole(folder, writers | {outputs.RESULT: outputs.json_writer(content)})
    (folder / CHECKPOINT).unlink(missing_ok=True)
    console.say(f"written to {folder}: {', '.join([*writers, outputs.RESULT])}")


def _worst_rows(run: Run, frame: pd.DataFrame, num: int) -> dict[str, outputs.Writer]:
    """The rows of least value: drawn if they are images, listed with their columns if not."""
    worst = frame.tail(num)[::-1]
    rows = np.array([int(name.removeprefix("row_")) for name in worst["player"]])
    if run.dataset.inputs.ndim == 4:
        names = run.dataset.class_names or tuple(map(str, range(run.dataset.num_classes)))
        captions = [
            f"{player}: {names[int(target)] if run.dataset.task == 'classification' else target}"
            for player, target in zip(worst["player"], worst["target"], strict=True)
        ]
        figure = plots.rows_figure(
            run.dataset.inputs[rows], captions, title="rows of least value, with their labels"
        )
        return {"worst_rows.png": partial(plots.save, figure)}
    columns = run.dataset.feature_names or range(run.dataset.inputs.shape[1])
    inputs = pd.DataFrame(
        run.dataset.inputs[rows], index=worst.index, columns=[f"input {name}" for name in columns]
    )
    listed = worst.filter(["player", "value", "target"]).join(inputs)
    return {"worst_rows.csv": outputs.csv_writer(listed)}
