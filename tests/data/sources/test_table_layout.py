"""Files that are tables of another kind than they seem are refused by what they are."""

import numpy as np
import pandas as pd
import pytest

from davinz_jax.data.sources.table import read_table

TEXT = "name,y\nRenée,1\nJosé,0\n"


@pytest.mark.parametrize(
    ("encoding", "likely"),
    [("latin-1", "LATIN1"), ("utf-16", "UTF-16"), ("utf-16-le", "UTF-16"), ("cp1252", "LATIN1")],
)
def test_another_encoding_is_named_with_the_remedy(tmp_path, encoding, likely):
    path = tmp_path / "t.csv"
    path.write_bytes(TEXT.encode(encoding))
    with pytest.raises(ValueError, match=f"wanted text in UTF-8, .* iconv -f {likely} -t UTF-8"):
        read_table(path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_utf_8_is_read(tmp_path, encoding):
    path = tmp_path / "t.csv"
    path.write_bytes(TEXT.encode(encoding))
    assert list(read_table(path)["name"]) == ["Renée", "José"]


def test_columns_of_one_name_are_refused(tmp_path):
    """The reader would call the second one a.1 and say nothing."""
    path = tmp_path / "t.csv"
    path.write_text("a,a,y\n1,2,0\n3,4,1\n")
    with pytest.raises(ValueError, match="columns: wanted names that differ, got a more than once"):
        read_table(path)
    pd.DataFrame([[1, 2]], columns=["1", "b"]).rename(columns={"b": "c"}).to_parquet(
        path.with_suffix(".parquet")
    )
    assert list(read_table(path.with_suffix(".parquet"))) == ["1", "c"]


def test_rows_of_more_cells_than_names_are_refused(tmp_path):
    """The reader would take their first cells for names of rows, and shift all others."""
    path = tmp_path / "t.csv"
    path.write_text("a,y\n1,2,0\n3,4,1\n")
    with pytest.raises(ValueError, match="as many cells in a row as names in line 1, got more"):
        read_table(path)


def test_empty_names_are_left_to_the_reader(tmp_path):
    path = tmp_path / "t.csv"
    pd.DataFrame(np.eye(2), columns=["a", "y"]).to_csv(path)
    assert list(read_table(path)) == ["Unnamed: 0", "a", "y"]
