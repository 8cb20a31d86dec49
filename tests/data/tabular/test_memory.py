"""Tables in memory of every make are the same frame."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from davinz_jax.data.tabular.memory import frame_of, is_path

COLUMNS = {"x": [1.5, 2.5], "w": ["a", "b"]}
FRAME = pd.DataFrame(COLUMNS)


class Rows:
    """Has columns by name, as a `datasets.Dataset`."""

    column_names = ("x", "w")

    def __getitem__(self, name):
        return COLUMNS[name]


class Stream:
    """Speaks Arrow's C interface and no other."""

    def __arrow_c_stream__(self, requested_schema=None):
        return pa.table(COLUMNS).__arrow_c_stream__(requested_schema)


ARRAY = np.array([[1.5, "a"], [2.5, "b"]], object)
TABLES = {
    "pandas": FRAME.set_index(pd.Index([7, 9])),
    "arrow": pa.table(COLUMNS),
    "stream": Stream(),
    "mapping": COLUMNS,
    "rows": Rows(),
    "structured": np.array([(1.5, "a"), (2.5, "b")], dtype=[("x", float), ("w", "U1")]),
}


@pytest.mark.parametrize("make", TABLES)
def test_every_make_is_the_same_frame(make):
    pd.testing.assert_frame_equal(frame_of(TABLES[make]), FRAME, check_dtype=False)


def test_an_array_takes_names():
    pd.testing.assert_frame_equal(frame_of(ARRAY, ["x", "w"]), FRAME, check_dtype=False)


def test_polars():
    polars = pytest.importorskip("polars", reason="polars is not installed")
    pd.testing.assert_frame_equal(frame_of(polars.DataFrame(COLUMNS)), FRAME, check_dtype=False)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (3, "path: wanted a file, or columns of one length each, got int"),
        ({"x": [1], "y": [1, 2]}, "got dict: All arrays must be of the same length; give a frame"),
        (ARRAY, r"an array of shape \(2, 2\) needs two dimensions and a name for each column"),
        (FRAME.set_axis(["x", "x"], axis=1), "wanted names that differ, got x more than once"),
        (FRAME.head(0), "path: wanted at least one row, got none in the table; add rows"),
    ],
)
def test_others_are_refused(table, message):
    with pytest.raises(ValueError, match=message):
        frame_of(table)


def test_paths(tmp_path):
    assert is_path("t.csv")
    assert is_path(tmp_path)
    assert not is_path(FRAME)
