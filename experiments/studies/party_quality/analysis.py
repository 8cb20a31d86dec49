"""What the games of a run say: how values order parties, what copies are worth, the best score.

Means are over draws; their intervals are of resampled draws, for correlations near 1 have no
symmetric ones. A score that gives all parties the same value orders nothing and has 0.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float

from davinz_jax.data import numpy_generator
from davinz_jax.evaluation import Estimate, spearman
from davinz_jax.evaluation.correlation import interval
from davinz_jax.types import PRNGKey
from experiments.studies.party_quality import games
from experiments.studies.party_quality.scores import SCORES
from experiments.studies.party_quality.specs import COPIES

Record = Mapping[str, Any]
"""A game: role, data, quality, draw, and what its file holds."""

CELL = ["quality", "data", "score", "semivalue"]
COMPARISONS = (
    "copy − its original",
    "the pair − plain",
    "half of a plain one, twice − that one",
    "own half, twice − plain",
    "own eighth, 8 times − plain",
)
"""What parties with copies are held against; plain ones are those nobody copies from."""


def by_game(records: Sequence[Record]) -> pd.DataFrame:
    """One row a game that orders its parties, score and semivalue: Spearman with the quality."""
    rows = [
        {
            **{name: record[name] for name in ("role", "data", "quality", "draw")},
            "score": score,
            "semivalue": semivalue,
            "spearman": np.nan_to_num(
                spearman(np.array(values), np.array(record["party_quality"]))
            ),
        }
        for record in records
        if record["quality"] != COPIES
        for score, found in record["values"].items()
        for semivalue, values in found.items()
    ]
    return pd.DataFrame(rows)


def choose(frame: pd.DataFrame) -> str:
    """The score of kernel regression that orders the parties of choosing games best.

    Mean over data sets, qualities, and Shapley and leave-one-out values alike; of equal ones the
    first.
    """
    of_role = frame[(frame["role"] == "choosing").to_numpy()]
    parts = of_role.groupby("score", sort=False)["spearman"]
    means = {str(name): float(np.mean(part)) for name, part in parts}
    ours = [name for name, score in SCORES.items() if score.is_ours]
    return max(ours, key=lambda name: means[name])


def summarise(
    frame: pd.DataFrame, *, key: PRNGKey, num_resamples: int, level: float
) -> list[dict[str, Any]]:
    """Mean over draws with its interval for each role, quality, data set, score and semivalue."""
    found = []
    for names, part in frame.groupby(["role", *CELL], sort=False):
        numbers = part["spearman"].to_numpy(np.float64)
        estimate = mean_over_draws(numbers, key=key, num_resamples=num_resamples, level=level)
        cell = dict(zip(["role", *CELL], map(str, names), strict=True))  # pyright: ignore
        found.append(cell | {"num_draws": len(numbers), **describe(estimate)})
    return found


def compare_copies(
    records: Sequence[Record], *, key: PRNGKey, num_resamples: int, level: float
) -> list[dict[str, Any]]:
    """How much more parties with copies are worth, in mean absolute values of a game's parties."""
    rows = [
        {"data": record["data"], "score": score, "semivalue": semivalue, **differences}
        for record in records
        if record["quality"] == COPIES
        for score, found in record["values"].items()
        for semivalue, values in found.items()
        for differences in [copy_differences(record["parties"], np.array(values))]
    ]
    found = []
    for names, part in pd.DataFrame(rows).groupby(["data", "score", "semivalue"], sort=False):
        cell = dict(zip(("data", "score", "semivalue"), map(str, names), strict=True))  # pyright: ignore
        for comparison in COMPARISONS:
            numbers = part[comparison].to_numpy(np.float64)
            estimate = mean_over_draws(numbers, key=key, num_resamples=num_resamples, level=level)
            found.append(cell | {"comparison": comparison, **describe(estimate)})
    return found


def copy_differences(names: Sequence[str], values: Float[np.ndarray, " p"]) -> dict[str, float]:
    """The comparisons of one game; its unit is the mean absolute value of all parties."""
    unit = float(np.abs(values).mean()) or 1.0
    of = dict(zip(names, values / unit, strict=True))
    halved, *others = (of[f"{games.PLAIN} {rank}"] for rank in range(3))
    plain = float(np.mean(others))
    return dict(
        zip(
            COMPARISONS,
            (
                of[games.COPY] - of[games.ORIGINAL],
                (of[games.COPY] + of[games.ORIGINAL]) / 2 - plain,
                of[games.PART_OF_PLAIN] - halved,
                *(of[role] - plain for role in games.REPEATED.values()),
            ),
            strict=True,
        )
    )


def summarise_rows(
    found: Sequence[Record], *, key: PRNGKey, num_resamples: int, level: float
) -> list[dict[str, Any]]:
    """Spearman of leave-one-out values with the quality, by metric and number of rows.

    Args:
        found: one a draw, as `value_by_rows` gives it.
        key: decides the resamples of draws.
        num_resamples: how many.
        level: coverage of the intervals.
    """
    rows = []
    for metric, by_count in found[0]["values"].items() if found else ():
        for count in by_count:
            numbers = [
                np.nan_to_num(
                    spearman(np.array(one["values"][metric][count]), np.array(one["quality"]))
                )
                for one in found
            ]
            estimate = mean_over_draws(
                np.array(numbers), key=key, num_resamples=num_resamples, level=level
            )
            rows.append({"metric": metric, "num_rows": int(count), **describe(estimate)})
    return rows


def mean_over_draws(
    numbers: Float[np.ndarray, " d"], *, key: PRNGKey, num_resamples: int, level: float
) -> Estimate:
    """Mean, and the percentile interval of resampled draws."""
    picks = numpy_generator(key).integers(len(numbers), size=(num_resamples, len(numbers)))
    return interval(float(numbers.mean()), numbers[picks].mean(1), level)


def describe(estimate: Estimate) -> dict[str, float]:
    """An estimate as JSON holds it."""
    return {"mean": estimate.value, "low": estimate.low, "high": estimate.high}


def look_up(rows: Sequence[Mapping[str, Any]], **wanted: str) -> Iterator[Mapping[str, Any]]:
    """The rows whose columns are as wanted."""
    return (row for row in rows if all(row[name] == value for name, value in wanted.items()))
