"""Files are whole or not there."""

import json

import numpy as np
import pytest

from davinz_jax.files import (
    is_unfinished,
    read_json,
    remove_unfinished,
    sealed,
    write_bytes,
    write_whole,
)


def test_a_file_and_its_folder_are_made(tmp_path):
    write_bytes(tmp_path / "new" / "a.txt", b"whole")
    assert (tmp_path / "new" / "a.txt").read_bytes() == b"whole"


def test_a_failed_write_keeps_the_old_file(tmp_path, monkeypatch):
    write_bytes(tmp_path / "a.txt", b"old")

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        write_bytes(tmp_path / "a.txt", b"half")
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    assert (tmp_path / "a.txt").read_bytes() == b"old"


def test_of_several_files_none_appears_if_one_fails(tmp_path):
    def fail(path):
        path.write_text("half")
        raise ValueError("not finite")

    with pytest.raises(ValueError, match="not finite"):
        write_whole(tmp_path, {"a": lambda path: path.write_text("whole"), "b": fail})
    assert not list(tmp_path.iterdir())


def test_any_writer_that_takes_a_path_will_do(tmp_path):
    write_whole(tmp_path, {"x.npy": lambda path: np.save(path, np.arange(3))})
    assert np.load(tmp_path / "x.npy").tolist() == [0, 1, 2]


def read(path):
    return read_json(path, wanted="a thing", remedy="delete it")


@pytest.mark.parametrize("content", [{"a": 1.5, "b": [float("inf")]}, {}])
def test_a_sealed_document_is_read_without_its_seal(tmp_path, content):
    (tmp_path / "a.json").write_text(json.dumps(sealed(content)))
    assert read(tmp_path / "a.json") == content
    (tmp_path / "b.json").write_text(json.dumps(content))
    assert read(tmp_path / "b.json") == content


@pytest.mark.parametrize(
    ("old", "new", "got"),
    [
        (b"1.5", b"2.5", "one that was changed since"),
        (b"{", b"", "a damaged file"),
        (b"a", b"\x86", "a damaged file"),
        (b"{", b"[" * 100_000, "a damaged file"),
    ],
)
def test_a_damaged_document_is_refused_by_name(tmp_path, old, new, got):
    path = tmp_path / "a.json"
    path.write_bytes(json.dumps(sealed({"a": 1.5})).encode().replace(old, new, 1))
    with pytest.raises(ValueError, match=rf"a.json: wanted a thing, got {got}.*; delete it"):
        read(path)


def test_what_a_killed_process_was_writing_is_told_apart_and_removed(tmp_path):
    def kill(path):
        path.write_text("half")
        raise SystemExit

    with pytest.raises(SystemExit):
        write_whole(tmp_path, {"a": kill})
    assert not list(tmp_path.iterdir())
    left = tmp_path / ".writing-x" / "a"
    write_bytes(left, b"half")
    write_bytes(tmp_path / "b", b"whole")
    assert [is_unfinished(path) for path in (left, tmp_path / "b")] == [True, False]
    remove_unfinished(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["b"]
