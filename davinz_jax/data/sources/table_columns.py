"""Columns of a table as arrays, with errors that name the column and count its bad rows."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Shaped

from davinz_jax.choices import suggestion
from davinz_jax.data.checks import LARGEST

if TYPE_CHECKING:
    import pandas as pd


def check_column(name: str, columns: Iterable[str], argument: str) -> None:
    """Refuses a column name that the table does not have, with the closest one as suggestion.

    Raises:
        ValueError: naming `argument`.

    >>> check_column("labl", ["age", "label"], "target")
    Traceback (most recent call last):
    ValueError: target: wanted a column of the table, got labl; did you mean 'label'? columns: age,
    label
    """
    known = [str(column) for column in columns]
    if name in known:
        return
    hint = f"{suggestion(name, known)} columns".lstrip()
    shown = ", ".join(known[:30]) + (", ..." if len(known) > 30 else "")
    raise ValueError(f"{argument}: wanted a column of the table, got {name}; {hint}: {shown}")


def column_of(frame: "pd.DataFrame", name: str) -> "pd.Series":
    """A column of the table.

    Raises:
        ValueError: if it is missing.
    """
    check_column(name, frame.columns, name)
    return frame.loc[:, name]


def row_ids(frame: "pd.DataFrame", name: str) -> Shaped[np.ndarray, " n"]:
    """The names of rows in a column, each of which is there once.

    Raises:
        ValueError: if some are missing or occur twice.

    >>> import pandas as pd
    >>> row_ids(pd.DataFrame({"patient": ["p1", "p2", "p1"]}), "patient")
    Traceback (most recent call last):
    ValueError: id: wanted a column that names each row once, got p1 more than once in patient; name
    another column, or leave id out and rows are named by their line
    """
    remedy = "name another column, or leave id out and rows are named by their line"
    column = column_of(frame, name)
    if count := int(column.isna().sum()):
        raise ValueError(
            f"id: wanted a column that names each row once, got {count} gaps in {name}; {remedy}"
        )
    names = category_names(frame, name)
    found, counts = np.unique(names, return_counts=True)
    if (counts > 1).any():
        twice = ", ".join(found[counts > 1][:3])
        raise ValueError(
            f"id: wanted a column that names each row once, got {twice} more than once in {name}; "
            f"{remedy}"
        )
    return names


def check_complete(frame: "pd.DataFrame", name: str, remedy: str) -> None:
    """Refuses a column with missing values.

    Raises:
        ValueError: naming the column and the number of rows.
    """
    count = int(column_of(frame, name).isna().sum())
    if count:
        raise ValueError(
            f"{name}: wanted no missing value, got {count} in {len(frame)} rows; {remedy}"
        )


ORIGIN = "1970-01-01"
"""The day from which dates are counted."""


def is_date(column: "pd.Series") -> bool:
    """Whether a column holds dates or spans of time."""
    return column.dtype.kind in "Mm"


def is_number(column: "pd.Series") -> bool:
    """Whether a column holds numbers or what can be counted in days; truth values do not."""
    import pandas as pd

    is_truth = pd.api.types.is_bool_dtype(column)
    return is_date(column) or (pd.api.types.is_numeric_dtype(column) and not is_truth)


def in_days(column: "pd.Series") -> "pd.Series":
    """Dates as days since `ORIGIN`, spans of time as days; other columns as they are."""
    import pandas as pd

    if not is_date(column):
        return column
    if column.dtype.kind == "M":
        column = column - pd.Timestamp(ORIGIN, tz=getattr(column.dt, "tz", None))
    return column / pd.Timedelta("1D")


_REMEDY = "fill them, set impute=mean, median or most_frequent, or list the column in ignore"


def numbers(
    frame: "pd.DataFrame", name: str, *, fill: float | None = None
) -> Float[np.ndarray, " n"]:
    """A column as float64, its gaps filled; dates as days since `ORIGIN`.

    Raises:
        ValueError: if it holds words, infinities, numbers beyond 1e30, or gaps that nothing
            fills.
    """
    import pandas as pd

    if fill is None:
        check_complete(frame, name, _REMEDY)
    column = in_days(column_of(frame, name))
    if not pd.api.types.is_numeric_dtype(column):
        raise ValueError(
            f"{name}: wanted numbers as in the schema, got {column.dtype}; mend the column"
        )
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    num_infinite = int(np.isinf(values).sum())
    if num_infinite:
        raise ValueError(
            f"{name}: wanted finite numbers, got infinity in {num_infinite} of {len(values)} rows; "
            "mend these rows"
        )
    worst = float(np.nanmax(np.abs(values), initial=0))
    if worst > LARGEST:
        raise ValueError(
            f"{name}: wanted numbers of at most {LARGEST:g}, got one of size {worst:.3g}; mend it, "
            "or count in a larger unit"
        )
    return values if fill is None else np.where(np.isnan(values), fill, values)


def category_names(
    frame: "pd.DataFrame", name: str, *, fill: str | None = None
) -> Shaped[np.ndarray, " n"]:
    """A column as words, its gaps filled; whole numbers without a decimal point.

    Raises:
        ValueError: if it has gaps that nothing fills.
    """
    if fill is None:
        check_complete(frame, name, _REMEDY)
    column = column_of(frame, name)
    words = [fill if gap else _word(v) for v, gap in zip(column, column.isna(), strict=True)]
    return np.array(words, dtype=str)


def _word(value: object) -> str:
    """A category's name: 1 and 1.0 are the same one."""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)
