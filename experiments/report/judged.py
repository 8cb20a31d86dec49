"""The rows that judged, one by one: what all players predict for them, and who helped and hurt."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float, Int, Num

from davinz_jax.data import Dataset
from davinz_jax.semivalues import Valuation
from davinz_jax.types import Utility
from davinz_jax.utility.row_scores import row_scored
from davinz_jax.utility.set_score import Judging
from experiments.report.doubts import label_names
from experiments.runtime.context import Rows

VALIDATION_ROWS = "validation_rows.csv"

MOST_WORST = 6
"""Validation rows of the lowest scores that a valuation's page shows."""

MOST_BESIDE = 2
"""Players of a side that it shows with each."""


def judged_frame(dataset: Dataset, utility: Utility, valuation: Valuation) -> pd.DataFrame:
    """One line a validation row: prediction of all players, score, who helped and hurt most.

    Columns: row (from 0, as `for_validation_row` counts), line where rows of the file judge each
    other, label where it is known, predicted_label, score (the metric of this row), most_helpful
    with its value, most_harmful with its value.

    Args:
        dataset: that was valued.
        utility: what was shared out, a mean over validation rows.
        valuation: with values by validation row.
    """
    by_row, targets = valuation.by_validation_row, dataset.validation.targets
    assert by_row is not None
    assert isinstance(utility, Judging)
    every, names = np.arange(by_row.num_rows), np.array(valuation.players, dtype=object)
    best, worst = by_row.extremes()
    own = {} if dataset.folds is None else {"line": dataset.numbered().lines}
    own |= {} if targets is None else {"label": label_names(dataset, targets)}
    frame = pd.DataFrame(
        {
            "row": every,
            **own,
            "predicted_label": label_names(dataset, _predicted(dataset, utility)),
            "score": row_scored(utility).row_scores(),
            "most_helpful": names[best],
            "its_value": by_row.values[best, every],
            "most_harmful": names[worst],
            "its_harm": by_row.values[worst, every],
        }
    )
    return frame.iloc[np.flatnonzero(by_row.weights > 0)]


def _predicted(dataset: Dataset, utility: Judging) -> Num[np.ndarray, " m"]:
    """Class or number that all players predict for each validation row."""
    outputs, folds = utility.judged().outputs, dataset.folds
    found = outputs.argmax(1) if dataset.task == "classification" else outputs[:, 0]
    if folds is None:
        return found
    order = np.concatenate([np.flatnonzero(folds == k) for k in range(folds.max() + 1)])
    placed = np.zeros(len(folds), found.dtype)
    placed[order] = found
    return placed


def name_of(judged: Mapping[str, Any]) -> str:
    """What a line of `judged_frame` is called."""
    line = f" (line {int(judged['line'])})" if "line" in judged else ""
    return f"validation row {int(judged['row'])}{line}"


@dataclass(frozen=True)
class Explained:
    """What players are worth to one validation row.

    Attributes:
        rows: the rows that were valued, and the validation set.
        valuation: with values by validation row.
        judged: the row's line of `judged_frame`.
        level: coverage of intervals.
        most: players shown that helped, and as many that hurt.
    """

    rows: Rows
    valuation: Valuation
    judged: Mapping[str, Any]
    level: float
    most: int

    @property
    def row(self) -> int:
        """Number of the validation row, from 0."""
        return int(self.judged["row"])

    @property
    def name(self) -> str:
        """What the validation row is called."""
        return name_of(self.judged)

    @property
    def title(self) -> str:
        """The row with its score, short."""
        return f"{self.name}: score {self.judged['score']:.3g}"

    @cached_property
    def frame(self) -> pd.DataFrame:
        """Players, best first; of rows with line, party and label, and their place in the data."""
        frame = self.valuation.for_validation_row(self.row, self.level)
        if "row" not in frame:
            return frame
        place = frame.pop("row").to_numpy()
        dataset, parties = self.rows.dataset.numbered().take(place), self.rows.parties
        return frame.assign(
            line=dataset.lines,
            party=np.array(parties.names)[parties.indices[place]],
            label=label_names(dataset, dataset.targets),
            place=place,
        )

    @property
    def values_rows(self) -> bool:
        """Whether single rows were valued."""
        return "place" in self.frame

    @property
    def is_drawn(self) -> bool:
        """Whether the players are images."""
        return self.image is not None and self.values_rows

    @property
    def is_sampled(self) -> bool:
        """Whether values to the row have intervals."""
        by_row = self.valuation.by_validation_row
        return by_row is not None and by_row.stderr is not None

    @property
    def sides(self) -> dict[str, pd.DataFrame]:
        """Players that helped most, and those that hurt most, the first the most."""
        value = self.frame["value"].to_numpy()
        helped = self.frame.iloc[np.flatnonzero(value > 0)[: self.most]]
        hurt = self.frame.iloc[np.flatnonzero(value < 0)[::-1][: self.most]]
        return {"helped": helped, "hurt": hurt}

    @property
    def image(self) -> Float[np.ndarray, "h w c"] | None:
        """The validation row, if it can be drawn."""
        inputs = self.rows.dataset.validation.inputs
        return inputs[self.row] if inputs.ndim == 4 else None

    def images(self, side: pd.DataFrame) -> Float[np.ndarray, "r h w c"]:
        """Images of rows that helped or hurt."""
        places: Int[np.ndarray, " r"] = side["place"].to_numpy()
        return self.rows.dataset.inputs[places]

    @property
    def prediction(self) -> str:
        """What all players together predict for the row, and how well."""
        said = f"{self.name} is predicted {self.judged['predicted_label']}"
        if "label" in self.judged:
            said += f"; its label is {self.judged['label']}"
        return f"{said}; its score is {self.judged['score']:.3g}"

    def sentences(self) -> list[str]:
        """What is predicted, who helped and hurt most, and how many did so clearly."""
        lines = [self.prediction]
        for word, side in self.sides.items():
            if len(side):
                lines.append(f"{self.call(side.iloc[0])} {word} most: {self.worth(side.iloc[0])}")
        low, high = (self.frame[name].to_numpy() for name in ("low", "high"))
        said = (
            f"of {len(self.frame):,} {'rows' if self.values_rows else 'parties'}, "
            f"{int((low > 0).sum()):,} helped and {int((high < 0).sum()):,} hurt"
        )
        if self.is_sampled:
            said += f" with an interval clear of zero, each by itself at {self.level:.0%}"
        return [*lines, said]

    def call(self, player: Mapping[str, Any]) -> str:
        """What a player is called: of a row its line and label."""
        if "line" in player:
            return f"line {player['line']} ({player['label']})"
        return str(player["player"])

    def worth(self, player: Mapping[str, Any]) -> str:
        """A player's value to the row, with its interval where it is sampled."""
        value, low, high = (player[name] for name in ("value", "low", "high"))
        return f"{value:+.3g}" + (f" [{low:.3g}, {high:.3g}]" if high > low else "")


def worst_predicted(
    rows: Rows, valuation: Valuation, judged: pd.DataFrame, *, level: float
) -> list[Explained]:
    """The validation rows with the lowest scores, the lowest first.

    Args:
        rows: that were valued.
        valuation: with values by validation row.
        judged: as `judged_frame`.
        level: coverage of intervals.
    """
    lowest = judged.sort_values("score", kind="stable").head(MOST_WORST)
    records: list[dict[Any, Any]] = lowest.to_dict("records")
    return [Explained(rows, valuation, record, level, MOST_BESIDE) for record in records]
