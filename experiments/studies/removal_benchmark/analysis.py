"""What removal says: mean accuracy while the first half of the rows goes, and ranks by it.

A good value keeps the accuracy where its lowest rows go first, and loses it where its highest do.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from davinz_jax.types import PRNGKey
from experiments.studies.detection_benchmark.analysis import (
    RANKED,
    grouped,
    mean_of,
    ranked,
    stderr_of,
)
from experiments.studies.detection_benchmark.methods import METHODS

Record = Mapping[str, Any]
"""A method on a draw: data, seed, method, direction, accuracy step by step."""

HALF = 10
"""Steps of 5 % that are averaged, the rows as they come left out."""

DIRECTIONS = ("lowest", "highest")


def with_means(records: Sequence[Record]) -> list[dict[str, Any]]:
    """The records with the mean accuracy of each curve while the first half of the rows goes."""
    return [
        {**record, "mean": float(np.mean(record["accuracy"][1 : HALF + 1]))} for record in records
    ]


def cells(records: Sequence[Record]) -> list[dict[str, Any]]:
    """Mean and standard error over seeds of each data set, method and direction."""
    names = ("data", "method", "direction")
    return [
        {
            **dict(zip(names, place, strict=True)),
            "count": len(part),
            "accuracy": mean_of(part, "mean"),
            "stderr": stderr_of(part, "mean"),
            "whole": float(np.mean([record["accuracy"][0] for record in part])),
        }
        for place, part in grouped(with_means(records), *names).items()
    ]


def rank_directions(
    records: Sequence[Record], *, key: PRNGKey, num_resamples: int, level: float
) -> list[dict[str, Any]]:
    """Ranks of all methods over data sets in both directions, rank 1 the most useful."""
    found = []
    for direction in DIRECTIONS:
        own = [r for r in with_means(records)
               if r["data"] in RANKED and r["direction"] == direction]  # fmt: skip
        places, data = grouped(own, "data", "method"), [name for (name,) in grouped(own, "data")]
        methods = [name for name in METHODS if all((each, name) in places for each in data)]
        sign = 1.0 if direction == "lowest" else -1.0
        table = pd.DataFrame(
            {name: [sign * mean_of(places[each, name], "mean") for each in data]
             for name in methods},
            index=pd.Index(data),
        )  # fmt: skip
        ranks = ranked(table, key=key, num_resamples=num_resamples, level=level)
        ranks["mean"] = {name: sign * mean for name, mean in ranks["mean"].items()}
        if sign < 0 and "lead" in ranks:
            ahead, low, high = ranks["lead"]["ahead"]
            ranks["lead"]["ahead"] = [-ahead, -high, -low]
        title = f"{direction} values removed first"
        found.append({"title": title, "direction": direction, "score": "accuracy", **ranks})
    return found


def mean_curves(records: Sequence[Record]) -> dict[str, dict[str, list[float]]]:
    """Mean curve over data sets and seeds, by direction and method; of methods run everywhere."""
    found = {}
    own = [record for record in records if record["data"] in RANKED]
    for (direction,), part in grouped(own, "direction").items():
        num_data, curves = len(grouped(part, "data")), {}
        for (method,), rows in grouped(part, "method").items():
            if len(grouped(rows, "data")) == num_data:
                steps = min(len(row["accuracy"]) for row in rows)
                mean = np.mean([row["accuracy"][:steps] for row in rows], axis=0)
                curves[method] = mean.round(4).tolist()
        found[direction] = curves
    return found
