"""Files as people have them: the same table from all of them, and their rows byte for byte."""

import bz2
import csv
import gzip
import io
import lzma
import string

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from davinz_jax.data import FileOptions, open_table, read_cells, read_table

TEXT = "name,y\nRenée,1\nJosé,0\n"
FRAME = pd.DataFrame({"name": ["Renée", "José"], "y": [1, 0]})


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "latin-1", "cp1252", "utf-16", "utf-16-le", "utf-16-be"]
)
def test_encodings(tmp_path, encoding):
    path = tmp_path / "t.csv"
    path.write_bytes(TEXT.encode(encoding))
    table = open_table(path)
    pd.testing.assert_frame_equal(table.frame, FRAME, check_dtype=False)
    assert table.records.keep(np.ones(2, bool)) == path.read_bytes()
    assert table.lines.tolist() == [2, 3]


def test_a_plain_file_needs_no_note(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(TEXT)
    assert open_table(path).notes == ()
    path.write_bytes(gzip.compress(TEXT.replace(",", ";").encode("cp1252")))
    assert open_table(path).notes == (
        "t.csv is read as gzip, cp1252, separator semicolon (compression, encoding, separator and "
        "decimal override it)",
    )


def test_parquet(tmp_path):
    path = tmp_path / "t.parquet"
    FRAME.rename(columns={"name": "1"}).to_parquet(path)
    table = open_table(path)
    assert list(table.frame) == ["1", "y"]
    assert (table.lines.tolist(), table.ending, table.records) == ([2, 3], ".parquet", None)
    assert table.notes == ("t.parquet is read as Parquet, its first row counted as line 2",)


def test_a_parquet_file_whose_words_are_no_text_is_refused(tmp_path):
    path = tmp_path / "t.parquet"
    FRAME.assign(name=["ABCDEFG", "ABCDEFG"]).to_parquet(path, compression=None)
    path.write_bytes(path.read_bytes().replace(b"ABCDEFG", b"ABC\xffEFG"))
    with pytest.raises(ValueError, match="t.parquet: wanted a readable table, got .*UTF"):
        read_table(path)


def test_empty_rows_and_nameless_empty_columns_are_left_out(tmp_path):
    """As spreadsheets leave them: line 3 has separators alone, every line one at its end."""
    path = tmp_path / "t.csv"
    path.write_text("a;b;\n1;x;\n;;\n\n2;y;\n")
    table = open_table(path)
    assert table.frame.to_dict("list") == {"a": [1, 2], "b": ["x", "y"]}
    assert table.lines.tolist() == [2, 5]
    assert table.cells().to_dict("list") == {"a": ["1", "2"], "b": ["x", "y"]}
    assert table.records.keep(np.array([False, True])) == b"a;b;\n2;y;\n"
    assert "empty rows left out: 1" in table.notes[0]


def test_cells_are_those_of_the_file(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a;b\n1,50;NA\n007;\n")
    assert read_cells(path).to_dict("list") == {"a": ["1,50", "007"], "b": ["NA", ""]}


def test_empty_names_are_left_to_the_reader(tmp_path):
    path = tmp_path / "t.csv"
    pd.DataFrame(np.eye(2), columns=["a", "y"]).to_csv(path)
    assert list(read_table(path)) == ["Unnamed: 0", "a", "y"]


def test_columns_of_one_name_are_refused(tmp_path):
    """The reader would call the second one a.1 and say nothing."""
    path = tmp_path / "t.csv"
    path.write_text("a,a,y\n1,2,0\n3,4,1\n")
    with pytest.raises(ValueError, match="columns: wanted names that differ, got a more than once"):
        read_table(path)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "a.json",
            b"{}",
            "path: wanted .csv, .tsv, .txt, .jsonl, .xlsx, .parquet or .pq, got a.json",
        ),
        ("b.csv", b"", "path: wanted a table with a header, got an empty file"),
        ("c.csv", b"a,b\n", "path: wanted at least one row, got none in"),
        ("d.csv", b"a,b\n1,2\n1,2,3,4\n", "wanted as many cells .*, 2, got 4 in line 3; mend"),
        ("e.csv", b"\xff\xfe\x00a,b\n1,2\n", "wanted text in .* got utf-16-le, which does not"),
        ("f.parquet", b"PAR1 nothing more", "f.parquet: wanted a readable table, got"),
        ("g.csv.gz", b"\x1f\x8b\x08\x00", "g.csv.gz: wanted a whole gzip file .*; mend the file"),
        ("h.xlsx", b"a,b\n", "h.xlsx: wanted a whole Excel file, got"),
    ],
)
def test_bad_files_are_named(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=message):
        read_table(tmp_path / name)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(
        ValueError, match="path: wanted a table, got .*absent.csv, which is no file"
    ):
        read_table(tmp_path / "absent.csv")


NUMBERS = st.integers(-(10**6), 10**6).map(lambda whole: whole / 100)
WORDS = st.text(string.ascii_letters + " äöüß,;|\"'\n", min_size=1, max_size=8).map(
    lambda text: f"q{text}q"
)
PACK = {"": bytes, ".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}


@given(
    rows=st.lists(st.tuples(NUMBERS, WORDS, st.sampled_from("ab")), min_size=2, max_size=6),
    separator=st.sampled_from(",;\t|"),
    decimal=st.sampled_from(".,"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp1252"]),
    line_break=st.sampled_from(["\n", "\r\n"]),
    packed=st.sampled_from(sorted(PACK)),
)
@settings(max_examples=40, deadline=None)
def test_any_dress_of_a_table_is_the_same_table(
    tmp_path_factory, rows, separator, decimal, encoding, line_break, packed
):
    """Numbers with decimals, words that need quotes, and options that are not said."""
    path = tmp_path_factory.mktemp("dress") / f"t.csv{packed}"
    text = io.StringIO()
    shown = [[f"{number:.2f}".replace(".", decimal), *rest] for number, *rest in rows]
    writer = csv.writer(text, delimiter=separator, lineterminator=line_break)
    writer.writerows([["size", "größe", "y"], *shown])
    content = text.getvalue().encode(encoding)
    path.write_bytes(PACK[packed](content))
    told = {} if encoding != "cp1252" else {"encoding": "cp1252"}
    table = open_table(path, FileOptions(**told))
    assert [tuple(row) for row in table.frame.itertuples(index=False)] == rows
    assert table.cells().to_numpy().tolist() == [list(row) for row in shown]
    assert table.records.keep(np.ones(len(rows), bool)) == content
