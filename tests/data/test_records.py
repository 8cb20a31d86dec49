"""Rows of a file found again by their lines, and copied byte for byte."""

import csv
import gzip
import io

import numpy as np
import pandas as pd
import pytest

from davinz_jax.data.records import file_records, is_text_table

TABLE = b'id,note,label\r\n1,plain,a\r\n\r\n2,"two\nlines, ""quoted""",b\r\n3,last,a'


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "table.csv"
    path.write_bytes(TABLE)
    return path


def test_a_quoted_line_break_and_an_empty_line_by_hand(table):
    """Lines: 1 header, 2 row, 3 empty, 4-5 one row of two lines, 6 the last without a break."""
    records = file_records(table)
    assert records.lines.tolist() == [2, 4, 6]
    assert records.rows[1] == b'2,"two\nlines, ""quoted""",b\r\n'


def test_as_many_rows_as_a_reader_finds(table):
    assert len(file_records(table).rows) == len(pd.read_csv(table))


def test_kept_rows_are_the_files_bytes(table):
    records = file_records(table)
    everything = records.keep(np.ones(3, bool))
    assert everything == TABLE.replace(b"\r\n\r\n", b"\r\n") + b"\n"
    assert records.keep(np.array([False, False, True])) == b"id,note,label\r\n3,last,a\n"


def test_compressed_file(tmp_path, table):
    path = tmp_path / "table.csv.gz"
    path.write_bytes(gzip.compress(TABLE))
    assert file_records(path).rows == file_records(table).rows


def test_random_tables_split_as_the_csv_module_splits_them(tmp_path):
    generator = np.random.default_rng(0)
    pieces = ["a", '"', ",", "\n", "x y", "é"]
    for _ in range(50):
        cells = [["".join(generator.choice(pieces, 3)) for _ in range(3)] for _ in range(5)]
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([["p", "q", "r"], *cells])
        path = tmp_path / "random.csv"
        path.write_bytes(text.getvalue().encode())
        again = list(csv.reader(io.StringIO(b"".join(file_records(path).rows).decode())))
        assert again == cells


def test_an_empty_file_is_refused(tmp_path):
    path = tmp_path / "empty.csv"
    path.write_bytes(b"\n\n")
    with pytest.raises(ValueError, match="wanted a table with a header, got an empty file"):
        file_records(path)


@pytest.mark.parametrize(
    ("name", "is_text"), [("a.CSV", True), ("a.tsv.gz", True), ("a.pq", False)]
)
def test_kinds_of_file(name, is_text):
    assert is_text_table(name) == is_text
