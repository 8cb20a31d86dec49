"""Parties scored alone against something that should raise or lower their value.

Three of the paper's experiments are of this form: size, the target domain's share, noise.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float

from davinz_jax.data import Dataset, Parties
from davinz_jax.evaluation import monotonicity, spearman
from davinz_jax.semivalues import Valuation
from davinz_jax.types import PRNGKey
from experiments.report.estimates import CORRELATION, SHARE, OverSeeds, over_seeds
from experiments.report.plots_studies import property_figure
from experiments.runtime.compose import Components
from experiments.runtime.context import Rows
from experiments.runtime.errors import InputError
from experiments.studies.base import Setting, StudyResult

CLEAR = 0.8
"""Spearman correlation from which a property is said to show clearly."""

Levels = Callable[[Parties], Sequence[float]]
Prepare = Callable[[Dataset, Parties, PRNGKey], Dataset]


@dataclass(frozen=True)
class Property:
    """A question of the form "does the value rise (or fall) with x?".

    Attributes:
        quantity: what x is, e.g. "size".
        unit: its unit.
        sign: 1 if the value should rise with it, -1 if it should fall.
        levels: x of each party.
        prepare: what is done to the data before it is scored, if anything.
        is_logarithmic: whether x is drawn on a logarithmic axis.
    """

    quantity: str
    unit: str
    sign: int
    levels: Levels
    prepare: Prepare | None = None
    is_logarithmic: bool = False

    @property
    def short(self) -> str:
        """Heading of its column."""
        return self.quantity.split()[0]


def run(setting: Setting, question: Property) -> StudyResult:
    """Score each party alone in every seed, and see whether the value goes the way it should."""
    parts = [measure(setting, seed, question) for seed in setting.seeds]
    frame = pd.concat(parts, ignore_index=True)
    columns = ["value", *_terms(frame)]
    estimates = dict(_estimates(frame, columns, question.sign, setting.level))
    return StudyResult(
        measurements=frame,
        headers=[question.short, *columns, "rows"],
        rows=_rows(frame, columns, setting.level),
        estimates=estimates,
        verdicts=[verdict(question, name, estimates, len(parts)) for name in columns],
        figure=property_figure(frame, columns, question, level=setting.level),
    )


def measure(setting: Setting, seed: int, question: Property) -> pd.DataFrame:
    """One row a party: x, its value alone, and the value's terms."""
    components, stages = setting.components[seed], setting.stages
    with stages.stage("data"):
        rows = components.load(stages.progress)
        levels = np.asarray(question.levels(rows.parties), np.float64)
        check_levels(question, levels, rows.parties)
        if question.prepare is not None:
            spoilt = question.prepare(rows.dataset, rows.parties, components.keys["corruption"])
            rows = replace(rows, dataset=spoilt)
    valuation = score(components, rows, setting)
    columns: dict[str, Any] = {
        "seed": seed,
        "player": valuation.players,
        "level": levels,
        "num_rows": valuation.num_rows,
        "value": valuation.values,
        "stderr": np.nan_to_num(valuation.stderr),
    }
    if len(valuation.terms) > 1:
        columns |= dict(zip(valuation.terms, valuation.term_values, strict=True))
    return pd.DataFrame(columns)


def score(components: Components, rows: Rows, setting: Setting) -> Valuation:
    """The parties' values by the configured utility and semivalue."""
    context = components.context(rows, setting.stages)
    with setting.stages.stage("values"):
        return components.value(context)


def check_levels(question: Property, levels: Float[np.ndarray, " l"], parties: Parties) -> None:
    """Refuse levels that do not fit the parties, or are all the same."""
    if len(levels) != len(parties):
        raise InputError(
            f"{question.quantity}: wanted one for each of {len(parties)} parties, got {len(levels)}"
            "; give one number a party"
        )
    if np.ptp(levels) == 0:
        raise InputError(
            f"{question.quantity}: wanted parties that differ in it, got {levels[0]:g} for all; "
            "vary it"
        )


def verdict(
    question: Property, column: str, estimates: dict[str, OverSeeds], num_seeds: int
) -> str:
    """Whether the property shows, in words and numbers."""
    found, ordered = estimates[f"{column}_spearman"], estimates[f"{column}_ordered"]
    name = "value" if column == "value" else f"its part {column}"
    seeds = f"{num_seeds} seed{'s' if num_seeds > 1 else ''}"
    return (
        f"{name} {_tendency(found, question.sign)} {question.quantity}: Spearman {found}, "
        f"pairs in order {ordered} ({seeds})"
    )


def _tendency(found: OverSeeds, sign: int) -> str:
    """Clear from a mean of `CLEAR`, if the interval is on its side of zero."""
    wanted, opposite = ("rises", "falls") if sign > 0 else ("falls", "rises")
    if found.mean is None:
        return "does not change with"
    nearest = min(x * sign for x in (found.mean, found.low, found.high) if x is not None)
    if nearest > 0:
        return f"{wanted} with" if found.mean * sign >= CLEAR else f"{wanted} weakly with"
    furthest = max(x * sign for x in (found.mean, found.low, found.high) if x is not None)
    if furthest < 0:
        return f"does not: it {opposite} with"
    return f"does not clearly {wanted.removesuffix('s')} with"


def _terms(frame: pd.DataFrame) -> list[str]:
    own = {"seed", "player", "level", "num_rows", "value", "stderr"}
    return [column for column in frame.columns if column not in own]


def _estimates(frame: pd.DataFrame, columns: Sequence[str], sign: int, level: float):
    by_seed = [part.sort_values("level") for _, part in frame.groupby("seed", sort=False)]
    for column in columns:
        pairs = [(part["level"].to_numpy(), part[column].to_numpy()) for part in by_seed]
        ranks = [spearman(x, y) for x, y in pairs]
        yield f"{column}_spearman", over_seeds(ranks, level=level, limits=CORRELATION)
        runs = [monotonicity(sign * y) for _, y in pairs]
        ordered = [1 - run.num_inversions / run.num_pairs for run in runs]
        yield f"{column}_ordered", over_seeds(ordered, level=level, limits=SHARE)


def _rows(frame: pd.DataFrame, columns: Sequence[str], level: float) -> list[list[str]]:
    rows = []
    for x, part in frame.groupby("level"):
        cells = [_signed(over_seeds(part[column].tolist(), level=level)) for column in columns]
        rows.append([f"{x:g}", *cells, f"{part['num_rows'].iloc[0]:,}"])
    return rows


def _signed(estimate: OverSeeds) -> str:
    """A mean with the half width of its interval."""
    assert estimate.mean is not None  # values are finite
    if estimate.high is None:
        return f"{estimate.mean:+.4f}"
    return f"{estimate.mean:+.4f} ± {estimate.high - estimate.mean:.4f}"
