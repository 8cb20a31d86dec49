"""Tables that are in memory already, as pandas frames."""

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from davinz_jax.data.tabular.names import check_names

if TYPE_CHECKING:
    import pandas as pd

InMemory = Any
"""A frame of pandas or polars, an Arrow table, a `datasets.Dataset`, a mapping of columns, or a
NumPy array (structured, or of two dimensions)."""


def is_path(table: object) -> bool:
    """Whether a table is named, not given."""
    return isinstance(table, str | os.PathLike)


def frame_of(table: InMemory, columns: Sequence[str] | None = None) -> "pd.DataFrame":
    """A table in memory as a frame of its own, rows numbered from 0.

    Args:
        table: what has `to_pandas` (polars, Arrow, `datasets`), speaks Arrow's C interface, or is
            a frame of pandas, a mapping of columns or an array.
        columns: names of the columns of a two-dimensional array.

    Raises:
        ValueError: for anything else, an empty one, or columns of one name.
    """
    try:
        frame = _convert(table, columns)
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise ValueError(
            f"path: wanted a file, or columns of one length each, got {type(table).__name__}: "
            f"{error}; give a frame, a mapping of columns, or an array"
        ) from error
    check_names("the table", frame.columns)
    if not len(frame):
        raise ValueError("path: wanted at least one row, got none in the table; add rows")
    return frame.rename(columns=str).reset_index(drop=True)


def _convert(table: InMemory, columns: Sequence[str] | None) -> "pd.DataFrame":
    import pandas as pd

    if isinstance(table, pd.DataFrame):
        return table
    if hasattr(table, "to_pandas"):
        return table.to_pandas()
    if hasattr(table, "__arrow_c_stream__"):
        import pyarrow

        return pyarrow.table(table).to_pandas()
    if isinstance(table, np.ndarray):
        return _of_array(table, columns)
    names = list(table) if isinstance(table, Mapping) else list(table.column_names)
    return pd.DataFrame({name: _column(table[name]) for name in names})


def _of_array(array: np.ndarray, columns: Sequence[str] | None) -> "pd.DataFrame":
    import pandas as pd

    if array.dtype.names is not None:
        return pd.DataFrame({name: array[name] for name in array.dtype.names})
    if array.ndim != 2 or columns is None or len(columns) != array.shape[1]:
        got = "none" if columns is None else len(columns)
        raise ValueError(
            f"an array of shape {array.shape} needs two dimensions and a name for each column in "
            f"columns, of which there are {got}"
        )
    return pd.DataFrame(array, columns=list(columns)).infer_objects()


def _column(values: Any) -> Any:
    """A column that pandas takes: lists, arrays and series as they are."""
    return values if hasattr(values, "dtype") else list(values)
