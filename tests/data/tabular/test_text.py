"""A text as a table: what is recognised is what is read, and each option is refused by name."""

from pathlib import Path

import numpy as np
import pytest

from davinz_jax.data.tabular.options import FileOptions
from davinz_jax.data.tabular.text import Text

PATH = Path("t.csv")
GERMAN = "Größe;Ort\n1,85;Ulm\n1.001,5;Köln\n".encode("cp1252")


def test_what_is_recognised_is_read():
    text = Text.of(PATH, GERMAN, FileOptions())
    frame, said = text.numbers(text.records(FileOptions()), FileOptions())
    assert frame["Größe"].tolist() == [1.85, 1001.5]
    assert frame["Ort"].tolist() == ["Ulm", "Köln"]
    assert (*text.said(), *said) == (
        "cp1252",
        "separator semicolon",
        "decimal comma",
        "thousands apart in Größe",
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"separator": "pipe"},
            "separator: wanted what t.csv has, got separator pipe, which makes one column of all; "
            "leave it auto, which finds separator semicolon and encoding cp1252",
        ),
        ({"separator": "comma"}, "separator: wanted what t.csv has, got separator comma"),
        ({"encoding": "utf-8"}, "encoding: wanted that of t.csv, got utf-8"),
    ],
)
def test_wrong_options_are_named(options, message):
    said = FileOptions(**options)
    with pytest.raises(ValueError, match=message):
        Text.of(PATH, GERMAN, said).records(said)


def test_longer_rows_are_refused_with_their_lines():
    text = Text.of(PATH, b"a,b\n1,2\n1,2,3\n\n1,2,3,4\n", FileOptions())
    with pytest.raises(
        ValueError, match="names in its first line, 2, got 3 in line 3, 4 in line 5"
    ):
        text.records(FileOptions())


def test_an_empty_text_is_refused():
    with pytest.raises(ValueError, match="wanted a table with a header, got an empty file t.csv"):
        Text.of(PATH, b" \n", FileOptions())


def test_an_open_quote_is_refused():
    text = Text.of(PATH, b'a,b\n1,"2\n3,4\n', FileOptions())
    with pytest.raises(ValueError, match="t.csv: wanted a readable table, got .*; mend the file"):
        text.frame(text.records(FileOptions()))


def test_names_the_separator_on_its_first_line():
    text = Text.of(PATH, b"sep=;\r\na;b\r\n1;2\r\n", FileOptions())
    records = text.records(FileOptions())
    assert text.frame(records).to_dict("list") == {"a": [1], "b": [2]}
    assert records.lines.tolist() == [3]
    assert records.keep(np.array([True])) == text.content
