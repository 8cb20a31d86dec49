"""How the columns of a table become inputs and targets: fitted once, kept, and given back.

Numeric columns are standardised, (value − mean) / standard deviation; categorical ones become one
column of 0 and 1 a category. A schema holds these statistics, so that rows of a party that comes
later are encoded as the first ones were; `to_dict` and `from_dict` carry it through JSON.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from jaxtyping import Float, Num

from davinz_jax.data.sources.table_columns import (
    ORIGIN,
    category_names,
    check_complete,
    column_of,
    is_date,
    numbers,
)
from davinz_jax.data.sources.table_faults import Fault, gap_faults, number_faults, refuse
from davinz_jax.types import Task

if TYPE_CHECKING:
    import pandas as pd

_NOBODY = (
    "say whose these rows are, or drop them (empty cells and the words NA, N/A, NaN, null and None "
    "are missing values; give a party of such a name another)"
)
Impute = Literal["mean", "median", "most_frequent"]
"""What fills a gap in a column of numbers; one of words is filled by its most frequent value."""


@dataclass(frozen=True)
class NumericColumn:
    """A column of numbers.

    Attributes:
        name: its name in the table.
        mean: subtracted from its values.
        scale: divides what is left; 1 for a constant column.
        fill: value of a gap; None refuses gaps.
    """

    name: str
    mean: float
    scale: float
    fill: float | None = None

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the input columns that it becomes."""
        return (self.name,)

    def encode(self, frame: "pd.DataFrame") -> Float[np.ndarray, "n 1"]:
        """Standardised values."""
        values = numbers(frame, self.name, fill=self.fill)
        return ((values - self.mean) / self.scale)[:, None]

    def faults(self, frame: "pd.DataFrame") -> Iterable[Fault]:
        """What keeps the column of a table from being encoded."""
        return number_faults(frame, self.name, filled=self.fill is not None)

    def count_unknown(self, frame: "pd.DataFrame") -> int:
        """None: every number can be standardised."""
        return 0


@dataclass(frozen=True)
class CategoricalColumn:
    """A column of categories.

    Attributes:
        name: its name in the table.
        categories: its values, one input column each, in this order.
        fill: value of a gap; None refuses gaps.
    """

    name: str
    categories: tuple[str, ...]
    fill: str | None = None

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the input columns that it becomes."""
        return tuple(f"{self.name}={category}" for category in self.categories)

    def encode(self, frame: "pd.DataFrame") -> Float[np.ndarray, "n k"]:
        """One-hot values; all 0 for a category that is not in the schema."""
        values = category_names(frame, self.name, fill=self.fill)
        return (values[:, None] == np.array(self.categories)[None, :]).astype(np.float64)

    def faults(self, frame: "pd.DataFrame") -> Iterable[Fault]:
        """What keeps the column of a table from being encoded."""
        return gap_faults(frame, self.name, filled=self.fill is not None)

    def count_unknown(self, frame: "pd.DataFrame") -> int:
        """Rows whose category is not in the schema."""
        values = category_names(frame, self.name, fill=self.fill)
        return int((~np.isin(values, self.categories)).sum())


Column = NumericColumn | CategoricalColumn


@dataclass(frozen=True)
class TableSchema:
    """Columns of a table, and how each is encoded.

    Attributes:
        target: name of the target column.
        task: what the target is.
        columns: input columns, in the order of the inputs they become.
        classes: names of the classes, in order of their label; empty for regression.
        target_mean: subtracted from a regression target; 0 for none.
        target_scale: divides what is left.
        party: name of the column that says whose a row is, if there is one.
    """

    target: str
    task: Task
    columns: tuple[Column, ...]
    classes: tuple[str, ...] = ()
    target_mean: float = 0.0
    target_scale: float = 1.0
    party: str | None = None

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the columns of the inputs."""
        return tuple(name for column in self.columns for name in column.feature_names)

    def encode_inputs(self, frame: "pd.DataFrame") -> Float[np.ndarray, "n d"]:
        """Inputs of the rows of a table, float32.

        Raises:
            ValueError: if a column is missing, or some have gaps that nothing fills, infinities,
                or words where numbers are wanted; names all of them.
        """
        found = [fault for column in self.columns for fault in column.faults(frame)]
        refuse((replace(fault, remedy="mend") for fault in found), len(frame))
        parts = [column.encode(frame) for column in self.columns]
        return np.concatenate(parts, axis=1).astype(np.float32)

    def encode_targets(self, frame: "pd.DataFrame") -> Num[np.ndarray, " n"]:
        """Targets of the rows of a table: class labels, or standardised float32.

        Raises:
            ValueError: if the column is missing, has gaps, or a class that is not in the schema.
        """
        check_complete(frame, self.target, "a target cannot be imputed: drop these rows")
        if self.task == "regression":
            values = numbers(frame, self.target)
            return ((values - self.target_mean) / self.target_scale).astype(np.float32)
        names = category_names(frame, self.target)
        unknown = sorted(set(names) - set(self.classes))
        if unknown:
            raise ValueError(
                f"{self.target}: wanted classes {', '.join(self.classes)}, got "
                f"{', '.join(unknown[:5])}; fit the schema with rows of every class"
            )
        index = {name: label for label, name in enumerate(self.classes)}
        return np.array([index[name] for name in names], np.int64)

    def notes(self, frame: "pd.DataFrame", part: str) -> tuple[str, ...]:
        """What was filled in, and which categories were not known, in a part of the data."""
        gaps = {
            column: num
            for column in self.columns
            if (num := int(column_of(frame, column.name).isna().sum()))
        }
        unknown = {c: num for c in self.columns if (num := c.count_unknown(frame))}
        notes = []
        if gaps:
            dates = {c for c in gaps if is_date(column_of(frame, c.name))}
            shown = ", ".join(
                f"{c.name} {num} by {_shown(c.fill, c in dates)}" for c, num in gaps.items()
            )
            notes.append(f"{part}: gaps filled: {shown}")
        if unknown:
            shown = ", ".join(f"{c.name} {num}" for c, num in unknown.items())
            notes.append(f"{part}: unknown categories set to 0: {shown}")
        return tuple(notes)

    def date_note(self, frame: "pd.DataFrame") -> tuple[str, ...]:
        """Which columns are dates, and what they are counted from."""
        dates = [c.name for c in self.columns if is_date(column_of(frame, c.name))]
        return (f"dates as days since {ORIGIN}: {', '.join(dates)}",) if dates else ()

    def parties(self, frame: "pd.DataFrame") -> np.ndarray | None:
        """Whose each row is, where the table says so.

        Raises:
            ValueError: if the column is missing or has gaps.
        """
        if self.party is None:
            return None
        check_complete(frame, self.party, _NOBODY)
        return column_of(frame, self.party).astype(str).to_numpy(dtype=str)

    def to_dict(self) -> dict[str, Any]:
        """The schema as JSON would hold it."""
        return {"kind": "table", **asdict(self)}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "TableSchema":
        """The schema that `to_dict` stored, also after a journey through JSON.

        Raises:
            ValueError: if it is not what `to_dict` gives.
        """
        try:
            fields = {name: value for name, value in stored.items() if name != "kind"}
            fields["columns"] = tuple(_column(column) for column in stored["columns"])
            fields["classes"] = tuple(stored["classes"])
            return cls(**fields)
        except (KeyError, TypeError) as error:
            raise ValueError(
                f"schema: wanted what TableSchema.to_dict gives, got a mapping that fails with "
                f"{error!r}; store it again"
            ) from error


def _shown(fill: float | str | None, is_day: bool) -> str:
    if isinstance(fill, float):
        return str(np.datetime64(ORIGIN) + int(fill)) if is_day else f"{fill:.6g}"
    return str(fill)


def _column(stored: Mapping[str, Any]) -> Column:
    """A column from its stored form."""
    if "categories" in stored:
        return CategoricalColumn(**{**stored, "categories": tuple(stored["categories"])})
    return NumericColumn(**stored)
