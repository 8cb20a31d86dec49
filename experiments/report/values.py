"""Values of players as a person and a program read them: a table, result.json, files."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from davinz_jax import Ingredients
from davinz_jax.evaluation import detection_auc
from davinz_jax.files import Writer, write_whole
from davinz_jax.linalg import condition_number, extreme_eigenvalues
from davinz_jax.plots import add_opinion, values_figure
from davinz_jax.semivalues import Valuation
from davinz_jax.types import Utility
from davinz_jax.utility.set_score import SetScore
from experiments.report import all_rows, certainty, plots
from experiments.report.doubts import label_names
from experiments.report.opinions import LeftOut, Opinion, beside, rank_text
from experiments.report.told import Told
from experiments.runtime import console, jobs, outputs
from experiments.runtime.context import Context
from experiments.runtime.schema.value import ValueOptions

LEVEL = 0.95  # of the limits in result.json
MOST_LINES = 30


@dataclass(frozen=True)
class Run:
    """What one valuation came from and gave.

    Attributes:
        context: data, players and kernels.
        utility: what was shared out.
        valuation: the players' values.
        seconds: time of each stage.
        seed: seed of every random choice.
        second: the second opinion, or why there is none where there could be one.
        told: what a trust run said of the utility on these data, if one is at hand.
    """

    context: Context
    utility: Utility
    valuation: Valuation
    seconds: Mapping[str, float]
    seed: int
    second: Opinion | LeftOut | None = None
    told: Told | None = None

    @property
    def opinion(self) -> Opinion | None:
        """The second opinion, if there is one."""
        return self.second if isinstance(self.second, Opinion) else None

    @cached_property
    def set_score(self) -> SetScore | None:
        """The score of all rows together, where there is one."""
        return all_rows.score_all_rows(self.utility, self.context.dataset.task)

    @property
    def values_rows(self) -> bool:
        """Whether single rows were valued."""
        return self.context.ingredients.values_rows

    @cached_property
    def sums(self) -> Valuation | None:
        """Sums of rows' values by party, where rows were valued."""
        return self.valuation.sum_by_party(self.context.parties) if self.values_rows else None

    @property
    def title(self) -> str:
        """What was valued, and how."""
        kind = "rows" if self.values_rows else "parties"
        how = f"{self.valuation.method} of {self.utility.describe()['kind']}"
        return f"{self.context.dataset.name}, {len(self.valuation.players)} {kind}: {how}"

    def frame(self, level: float) -> pd.DataFrame:
        """One line a player, best first; rows with their line, party, label and whether spoilt."""
        frame = beside(self.valuation.to_frame(level), self.opinion, level)
        rows = self.context.ingredients.parties.rows if self.values_rows else None
        if rows is not None:
            dataset, parties = self.context.dataset.numbered().take(rows), self.context.parties
            frame = frame.drop(columns="row", errors="ignore").assign(
                line=dataset.lines,
                party=np.array(parties.names)[parties.indices[rows]],
                label=label_names(dataset, dataset.targets),
                corrupted=self.context.corrupted[rows],
            )
        return frame.sort_values("value", ascending=False)

    def sums_frame(self, level: float) -> pd.DataFrame:
        """One line a party, best first, of the sums of rows' values."""
        assert self.sums is not None
        opinion = None if self.opinion is None else self.opinion.by_party(self.context.parties)
        frame = beside(self.sums.to_frame(level), opinion, level)
        return frame.sort_values("value", ascending=False)


def result(
    run: Run, config: Mapping[str, Any], chosen: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Everything that result.json holds; a missing number is null, never NaN.

    Args:
        run: what was valued.
        config: the configuration, nothing in it left to be chosen.
        chosen: why, of what the command chose.
    """
    described, ingredients = run.utility.describe(), run.context.ingredients
    dataset = run.context.dataset
    content = {
        "method": run.valuation.method,
        "kappa": described.get("kappa"),
        "bandwidth": _bandwidth(described),
        "players": _records(run.valuation),
        "coverage": {"level": LEVEL, **certainty.HOLDS},
        "not_separable": certainty.pairs_not_separable(run.valuation, LEVEL),
        "grand": _grand(run),
        "set_score": all_rows.describe(run.set_score),
        "kernel": _kernel(run),
        "utility": described,
        "second_opinion": _second(run.second),
        "trust": None if run.told is None else run.told.record(),
        "num_samples": run.valuation.num_samples,
        "seeds": {"seed": run.seed, "num_initialisations": _num_initialisations(ingredients)},
        "notes": list(dataset.notes),
        "encoding": dataset.encoding,
        "config": config,
        "chosen": dict(chosen or {}),
        "overrides": jobs.overrides(),
        "versions": outputs.versions(),
        "data_sha256": dataset.sha256(),
        "seconds": run.seconds,
    }
    if run.sums is not None:
        content["parties_as_sum_of_rows"] = _records(run.sums)
    return content


def _second(second: Opinion | LeftOut | None) -> dict[str, Any] | None:
    if isinstance(second, Opinion):
        return second.record(_records(second.values))
    return None if second is None else {"left_out": second.reason}


def _records(valuation: Valuation) -> list[dict[str, Any]]:
    frame = valuation.to_frame(LEVEL).rename(columns={"player": "name"})
    records = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return [{str(key): value for key, value in record.items()} for record in records]


def _bandwidth(described: Mapping[str, Any]) -> Any:
    """σ: one number where there is one, else a list for each kernel or set of features."""
    found = described.get("bandwidth") or described.get("discrepancy", {}).get("bandwidth")
    while isinstance(found, list) and len(found) == 1:
        found = found[0]
    return found


def _grand(run: Run) -> dict[str, float]:
    """Utility of all players together, and the paper's costs where they were computed."""
    everyone = np.ones((1, len(run.utility.players)), dtype=bool)
    parts = run.utility.coalitions(everyone)[..., 0].mean(axis=1)
    grand = {"value": float(parts.sum())}
    costs = run.context.ingredients.computed_costs
    return grand | {name: float(cost.grand().mean()) for name, cost in costs.items()}


def _num_initialisations(ingredients: Ingredients) -> int:
    """Draws of the network; 0 where there is none."""
    return 0 if ingredients.model is None else len(ingredients.initialisations)


def ridge_of(described: Mapping[str, Any]) -> float:
    """λ of a utility as described, or of its first summand that has one; 0 where there is none."""
    if "ridge" in described:
        return float(np.min(described["ridge"]))
    parts = (part for part in described.values() if isinstance(part, Mapping))
    return next((ridge for part in parts if (ridge := ridge_of(part))), 0.0)


def _kernel(run: Run) -> dict[str, Any] | None:
    """Health of Θ + λI, the worst over initialisations; null if no kernel was computed."""
    kernels = run.context.ingredients.computed_kernels
    if not kernels:
        return None
    kernel = kernels[0]
    ridge = ridge_of(run.utility.describe())
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


def show(run: Run, level: float) -> None:
    """Print the values, best first, and what a reader should know."""
    for text in run.context.dataset.notes:
        console.note(text)
    name = "" if run.opinion is None else run.opinion.name
    _print_table(run.title, _both_ends(run.frame(level)), run.valuation.terms, name)
    if run.sums is not None:
        title = "parties, as the sum of their rows' values"
        _print_table(title, run.sums_frame(level), run.valuation.terms, name)
        if run.context.corrupted.any():
            console.say(_detection(run))
    for text in certainty.notes(run.valuation, level, pairs=run.sums is None):
        console.note(text)
    if run.set_score is not None:
        console.note(all_rows.sentence(run.set_score))
    if run.second is not None:
        for text in run.second.lines():
            console.note(text)
    if run.told is not None:
        console.note(run.told.line())


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


def _both_ends(frame: pd.DataFrame) -> pd.DataFrame:
    if len(frame) <= MOST_LINES:
        return frame
    return pd.concat([frame.head(MOST_LINES // 2), frame.tail(MOST_LINES // 2)])


def _print_table(title: str, frame: pd.DataFrame, terms: Iterable[str], second: str) -> None:
    shown = [term for term in terms if len(tuple(terms)) > 1]
    by_second = [f"rank by {second}"] if second else []
    headers = ["player", "value", "± stderr", *shown, "rank", *by_second, "rows"]
    console.table(title, headers, (_cells(row, shown) for row in frame.to_dict("records")))


def _cells(row: Mapping[Any, Any], terms: Iterable[str]) -> list[str]:
    stderr = "-" if np.isnan(row["stderr"]) else f"{row['stderr']:.2g}"
    span = f"{row['rank']}"
    if row["rank_low"] != row["rank_high"]:
        span += f" ({row['rank_low']}-{row['rank_high']})"
    figures = [_figure(row["value"]), stderr, *(_figure(row[term]) for term in terms)]
    second = [rank_text(row)] if "second_rank" in row else []
    return [str(row["player"]), *figures, span, *second, f"{row['num_rows']:,}"]


def _figure(number: float) -> str:
    return f"{number:+.5f}" if 1e-3 <= abs(number) < 1e4 or number == 0 else f"{number:+.3e}"


def save(
    run: Run,
    content: Mapping[str, Any],
    folder: Path,
    options: ValueOptions,
    pages: Mapping[str, Writer],
) -> None:
    """Write the run's files and pages, whole or not at all; result.json comes last, as the seal."""
    frame = run.frame(options.level)
    figure = values_figure(frame, run.valuation.terms, title=run.title, level=options.level)
    if run.opinion is not None:
        add_opinion(figure, frame, by=run.opinion.name, level=options.level)
    writers = {
        outputs.VALUES: outputs.csv_writer(frame),
        "values.png": partial(plots.save, figure),
        **run.valuation.writers(outputs.VALUATION),
    }
    writers |= pages
    write_whole(folder, writers | {outputs.RESULT: outputs.result_writer(content)})
    console.say(f"written to {folder}: {', '.join([*writers, outputs.RESULT])}")
