"""Rows of a file found again by their lines, and copied byte for byte."""

import csv
import io

import numpy as np
import pandas as pd
import pytest

from davinz_jax.data.records import split_records

TABLE = b'id,note,label\r\n1,plain,a\r\n\r\n2,"two\nlines, ""quoted""",b\r\n3,last,a'


def test_a_quoted_line_break_and_an_empty_line_by_hand():
    """Lines: 1 header, 2 row, 3 empty, 4-5 one row of two lines, 6 the last without a break."""
    records = split_records(TABLE)
    assert records.lines.tolist() == [2, 4, 6]
    assert records.rows[1] == b'2,"two\nlines, ""quoted""",b\r\n'


def test_as_many_rows_as_a_reader_finds():
    assert len(split_records(TABLE).rows) == len(pd.read_csv(io.BytesIO(TABLE)))


def test_kept_rows_are_the_files_bytes():
    records = split_records(TABLE)
    everything = records.keep(np.ones(3, bool))
    assert everything == TABLE.replace(b"\r\n\r\n", b"\r\n") + b"\r\n"
    assert records.keep(np.array([False, False, True])) == b"id,note,label\r\n3,last,a\r\n"


def test_wide_characters_keep_their_bytes_and_mark():
    content = "a;b\r\n1;ü\r\n".encode("utf-16")
    records = split_records(content, encoding="utf-16-le", separator=";")
    assert (records.names, records.widths.tolist()) == (("a", "b"), [2])
    assert records.keep(np.array([True])) == content


def test_a_quote_within_a_cell_opens_none():
    records = split_records(b'a,b\n5" pipe,1\n6,2\n')
    assert records.lines.tolist() == [2, 3]


def test_chosen_rows_alone():
    rows = split_records(TABLE).take(np.array([True, False, True]))
    assert (len(rows.rows), rows.lines.tolist(), rows.widths.tolist()) == (2, [2, 6], [3, 3])


def test_random_tables_split_as_the_csv_module_splits_them():
    generator = np.random.default_rng(0)
    pieces = ["a", '"', ",", "\n", "x y", "é"]
    for _ in range(50):
        cells = [["".join(generator.choice(pieces, 3)) for _ in range(3)] for _ in range(5)]
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([["p", "q", "r"], *cells])
        records = split_records(text.getvalue().encode())
        again = list(csv.reader(io.StringIO(b"".join(records.rows).decode())))
        assert again == cells


def test_an_empty_file_is_refused():
    with pytest.raises(ValueError, match="wanted a table with a header, got an empty file"):
        split_records(b"\n\n")
