"""Rows as their source has them."""

import gzip
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd

from davinz_jax.data import load_digits, load_table
from experiments.runtime.own_rows import own_rows


def test_rows_of_no_table_are_written_decoded_and_in_order(tmp_path):
    digits = load_digits(num_rows=5)
    lines = np.array([5, 4, 3, 2, 1])
    own = own_rows(load_digits, replace(digits, lines=lines))
    own.writer(np.array([True, False, True, False, True]))(tmp_path / "keep.csv")
    kept = pd.read_csv(tmp_path / "keep.csv")
    assert kept["row"].tolist() == [1, 3, 5]
    assert kept["target"].tolist() == digits.targets[[4, 2, 0]].tolist()


def test_rows_of_a_packed_file_are_its_bytes_unpacked(tmp_path):
    path = tmp_path / "t.csv.gz"
    content = "größe;y\n1,5;a\n2,5;b\n3,5;a\n".encode("cp1252")
    path.write_bytes(gzip.compress(content))
    settings = {"target": "y", "holdout": "none", "encoding": "cp1252"}
    data = load_table(str(path), **settings)
    own = own_rows(partial(load_table, path=str(path), **settings), data)
    own.writer(np.array([False, True, True]))(tmp_path / "keep.csv")
    assert (tmp_path / "keep.csv").read_bytes() == content.replace(b"1,5;a\n", b"")
    assert own.cells["größe"].tolist() == ["1,5", "2,5", "3,5"]
    assert (own.ending, own.remark) == (".csv", "the rows of t.csv.gz, unpacked")


def test_rows_of_excel_are_its_cells_and_rows_of_parquet_stay_parquet(tmp_path):
    frame = pd.DataFrame({"x": [1.5, None, 3.5], "y": ["a", "b", "a"]})
    sheet, columns = str(tmp_path / "t.xlsx"), str(tmp_path / "t.parquet")
    frame.to_excel(sheet, index=False)
    frame.to_parquet(columns)
    settings = {"target": "y", "holdout": "none", "impute": "median"}
    endings = {}
    for path in (sheet, columns):
        own = own_rows(partial(load_table, path=path, **settings), load_table(path, **settings))
        own.writer(np.array([True, True, False]))(tmp_path / f"keep{own.ending}")
        endings[own.ending] = own.remark
    assert endings == {".csv": "the cells of t.xlsx as CSV", ".parquet": ""}
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "keep.parquet"), frame.head(2))
    assert pd.read_csv(tmp_path / "keep.csv")["y"].tolist() == ["a", "b"]
    assert not own.has_formulas
