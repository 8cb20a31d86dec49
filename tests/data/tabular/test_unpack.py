"""Packed files are recognised and unpacked; what is damaged, or a bomb, is refused by name."""

import bz2
import gzip
import io
import lzma
import zipfile
from pathlib import Path

import pyarrow as pa
import pytest

from davinz_jax.data.tabular import unpack
from davinz_jax.data.tabular.unpack import recognise

TEXT = b"a,b\n1,2\n"
PATH = Path("t.csv")


def zipped(**files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


PACKED = {
    "none": TEXT,
    "gzip": gzip.compress(TEXT),
    "bz2": bz2.compress(TEXT),
    "xz": lzma.compress(TEXT),
    "zip": zipped(**{"t.csv": TEXT, "__MACOSX/._t.csv": b"junk"}),
    "zstd": pa.compress(TEXT, codec="zstd", asbytes=True),
}


@pytest.mark.parametrize("kind", PACKED)
def test_each_kind_is_recognised_and_may_be_said(kind):
    assert recognise(PACKED[kind]) == kind
    assert unpack.unpack(PATH, PACKED[kind]) == (TEXT, kind)
    assert unpack.unpack(PATH, PACKED[kind], kind) == (TEXT, kind)


@pytest.mark.parametrize("kind", ["gzip", "bz2", "xz", "zip"])
def test_what_is_cut_off_is_refused(kind):
    with pytest.raises(ValueError, match=f"t.csv: wanted a whole {kind} file .*; mend the file"):
        unpack.unpack(PATH, PACKED[kind][:-9])


def test_another_kind_than_was_said_is_refused_by_the_option():
    with pytest.raises(ValueError, match="compression: wanted that of t.csv, which is none by its"):
        unpack.unpack(PATH, TEXT, "gzip")
    assert unpack.unpack(PATH, PACKED["gzip"], "none") == (PACKED["gzip"], "none")


def test_an_archive_of_several_files_is_refused_with_their_names():
    with pytest.raises(
        ValueError, match="wanted one table in t.csv, got 2 files: a.csv, b.csv; un"
    ):
        unpack.unpack(PATH, zipped(**{"a.csv": TEXT, "b.csv": TEXT}))


def test_a_bomb_is_refused(monkeypatch):
    monkeypatch.setattr(unpack, "FREE", 1000)
    bomb = gzip.compress(bytes(1_000_000))
    with pytest.raises(ValueError, match="t.csv, which unpacks to more than .* 200 times its size"):
        unpack.unpack(PATH, bomb)
