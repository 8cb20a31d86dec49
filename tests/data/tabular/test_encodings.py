"""Encodings are told from bytes, or refused."""

import codecs
from pathlib import Path

import pytest

from davinz_jax.data.tabular.encodings import decode_with

PATH = Path("t.csv")
GERMAN = "Größe;Straße\n1,85;Königsallee\n1,62;Hauptstraße\n"


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"a,b\n", ("utf-8", 0)),
        (GERMAN.encode(), ("utf-8", 0)),
        (GERMAN.encode("utf-8-sig"), ("utf-8", 3)),
        (codecs.BOM_UTF16_LE + GERMAN.encode("utf-16-le"), ("utf-16-le", 2)),
        (codecs.BOM_UTF16_BE + GERMAN.encode("utf-16-be"), ("utf-16-be", 2)),
        (GERMAN.encode("utf-16-le"), ("utf-16-le", 0)),
        (GERMAN.encode("utf-16-be"), ("utf-16-be", 0)),
        ("size,größe\n0.00,qAaAßAq\n".encode("utf-16-be"), ("utf-16-be", 0)),
        (GERMAN.encode("utf-32-be"), ("utf-32-be", 0)),
        (GERMAN.encode("utf-32-le"), ("utf-32-le", 0)),
        (GERMAN.encode("cp1252"), ("cp1252", 0)),
        (GERMAN.encode("latin-1"), ("cp1252", 0)),
        ("name,y\nRenée,1\n".encode("cp1252"), ("cp1252", 0)),
        ("t;x\n20°C;5 µm ±3\n12 €;1\n".encode("cp1252"), ("cp1252", 0)),
        ("имя;возраст\nИван;12\nМария;15\n".encode("cp1251"), ("cp1251", 0)),
        ("名前;年齢\n太郎さん;12\n花子さん;15\n".encode("cp932"), ("cp932", 0)),
        ("imię;wiek\nŁukasz;12\nGrażyna;5\n".encode("cp1250"), ("cp1250", 0)),
    ],
)
def test_encodings_by_their_bytes(content, found):
    assert decode_with(PATH, content) == found


def test_an_encoding_that_is_said_is_taken():
    assert decode_with(PATH, GERMAN.encode("cp1250"), "cp1250") == ("cp1250", 0)
    marked = codecs.BOM_UTF16_BE + GERMAN.encode("utf-16-be")
    assert decode_with(PATH, marked, "utf-16") == ("utf-16-be", 2)
    assert decode_with(PATH, GERMAN.encode("utf-8-sig"), "utf-8") == ("utf-8", 3)


@pytest.mark.parametrize(
    ("content", "encoding", "message"),
    [
        (GERMAN.encode("cp1252"), "utf-8", "encoding: wanted that of t.csv, got utf-8, which does"),
        (b"a,b\n", "klingon", "encoding: wanted auto or a name .* got 'klingon'; leave it auto"),
        (b"a,b\n", "hex", "encoding: wanted that of t.csv, got hex"),
        (b"a\0b\n", "utf-8", "wanted a table in text, got NUL characters in t.csv, read as utf-8"),
        (
            bytes(range(128, 256)) * 3,
            "auto",
            "got bytes of no encoding that is recognised in t.csv",
        ),
    ],
)
def test_what_is_no_text_is_refused(content, encoding, message):
    with pytest.raises(ValueError, match=message):
        decode_with(PATH, content, encoding)
