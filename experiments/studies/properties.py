"""Parties scored alone against something that should raise or lower their value.

Three of the paper's experiments are of this form: size, the validation domain's share, noise. How
much of it a party has is its dose.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float

from davinz_jax.data import Dataset, Parties
from davinz_jax.evaluation import monotonicity
from davinz_jax.types import PRNGKey
from experiments.report.estimates import (
    ORDERED,
    Estimates,
    Number,
    OverSeeds,
    correlations,
    over_seeds,
)
from experiments.report.plots_studies import property_figure
from experiments.runtime.context import Rows
from experiments.runtime.errors import InputError
from experiments.studies.base import Setting, StudyResult, count_seeds
from experiments.studies.beside import CAPTIONS, VALUE, Beside, compose_beside, value_all

CLEAR = 0.8
"""Spearman correlation from which a property is said to show clearly."""

NOT_VALUES = ("seed", "player", "dose", "num_rows", "stderr")

Doses = Callable[[Parties], Sequence[float]]
Prepare = Callable[[Dataset, Parties, PRNGKey], Dataset]


@dataclass(frozen=True)
class Property:
    """A question of the form "does the value rise (or fall) with the dose?".

    Attributes:
        quantity: what parties have more or less of, e.g. "size".
        unit: its unit.
        sign: 1 if the value should rise with it, -1 if it should fall.
        doses: how much of it each party has.
        prepare: what is done to the data before it is scored, if anything.
        is_logarithmic: whether doses are drawn on a logarithmic axis.
    """

    quantity: str
    unit: str
    sign: int
    doses: Doses
    prepare: Prepare | None = None
    is_logarithmic: bool = False

    @property
    def short(self) -> str:
        """Heading of its column."""
        return self.quantity.split()[0]


def run(setting: Setting, question: Property) -> StudyResult:
    """Score each party alone in every seed, and see whether the value goes the way it should."""
    beside = compose_beside(setting)
    frame = setting.repeat(partial(measure, setting, question, beside))
    columns = [str(column) for column in frame.columns if column not in NOT_VALUES]
    estimates = Estimates.of(_numbers(frame, columns, question), level=setting.level)
    return StudyResult(
        measurements=frame,
        headers=[question.short, *(CAPTIONS.get(c, c) for c in columns), "rows"],
        rows=list(_rows(frame, columns, setting.level)),
        estimates=estimates,
        verdicts=[_verdict_of(question, column, estimates) for column in columns],
        figure=property_figure(frame, columns, question, level=setting.level, captions=CAPTIONS),
        details=beside.details(),
        parts=pd.concat(beside.parts, ignore_index=True),
    )


def measure(setting: Setting, question: Property, beside: Beside, seed: int) -> pd.DataFrame:
    """One row a party: its dose, its value alone, the value's terms, and what stands beside."""
    components, rows = setting.components[seed], setting.load(seed)
    doses = np.asarray(question.doses(rows.parties), np.float64)
    check_doses(question, doses, rows.parties)
    rows = prepare(question, rows, components.keys["corruption"])
    found = value_all(setting, beside, components, rows, seed=seed)[1]
    valuation = found[VALUE]
    columns: dict[str, Any] = {
        "player": valuation.players,
        "dose": doses,
        "num_rows": valuation.num_rows,
        "value": valuation.values,
        "stderr": np.nan_to_num(valuation.stderr),
    }
    if len(valuation.terms) > 1:
        columns |= dict(zip(valuation.terms, valuation.term_values, strict=True))
    return pd.DataFrame(columns | {name: found[name].values for name in beside.names})


def prepare(question: Property, rows: Rows, key: PRNGKey) -> Rows:
    """The rows as the question wants them."""
    if question.prepare is None:
        return rows
    return replace(rows, dataset=question.prepare(rows.dataset, rows.parties, key))


def check_doses(question: Property, doses: Float[np.ndarray, " l"], parties: Parties) -> None:
    """Refuse doses that do not fit the parties, or are all the same."""
    if len(doses) != len(parties):
        raise InputError(
            f"{question.quantity}: wanted one for each of {len(parties)} parties, got {len(doses)}"
            "; give one number a party"
        )
    if np.ptp(doses) == 0:
        raise InputError(
            f"{question.quantity}: wanted parties that differ in it, got {doses[0]:g} for all; "
            "vary it"
        )


def _numbers(frame: pd.DataFrame, columns: Sequence[str], question: Property) -> Iterator[Number]:
    """Correlations with the dose, and the share of pairs that are in order."""
    for seed, part in frame.groupby("seed", sort=False):
        ranked = part.sort_values("dose")
        doses = ranked["dose"].to_numpy()
        for column in columns:
            values = ranked[column].to_numpy()
            yield from correlations(column, question.quantity, seed, doses, values)
            course = monotonicity(question.sign * values)
            share = 1 - course.num_inversions / course.num_pairs
            yield Number(ORDERED, column, question.quantity, seed, share)


def _verdict_of(question: Property, column: str, estimates: Estimates) -> str:
    found, in_order = (
        estimates.get(statistic, column, question.quantity) for statistic in ("spearman", ORDERED)
    )
    return verdict(question, column, found, in_order)


def verdict(question: Property, column: str, found: OverSeeds, in_order: OverSeeds) -> str:
    """Whether the property shows, in words and numbers.

    Args:
        question: what is asked.
        column: `value`, one of its terms, or who stands beside.
        found: Spearman correlation with the dose.
        in_order: share of pairs in order.
    """
    name = "value" if column == VALUE else CAPTIONS.get(column, f"its part {column}")
    return (
        f"{name} {_tendency(found, question.sign)} {question.quantity}: Spearman {found}, "
        f"pairs in order {in_order} ({count_seeds(len(in_order.each))})"
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


def _rows(frame: pd.DataFrame, columns: Sequence[str], level: float) -> Iterator[list[str]]:
    for dose, part in frame.groupby("dose"):
        cells = [
            _signed_cell(over_seeds(part[column].to_numpy(), level=level)) for column in columns
        ]
        yield [f"{dose:g}", *cells, f"{part['num_rows'].iloc[0]:,}"]


def _signed_cell(estimate: OverSeeds) -> str:
    """A mean with the half width of its interval."""
    assert estimate.mean is not None  # values are finite
    if estimate.high is None:
        return f"{estimate.mean:+.4f}"
    return f"{estimate.mean:+.4f} ± {estimate.high - estimate.mean:.4f}"
