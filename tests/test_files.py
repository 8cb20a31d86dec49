"""Files are whole or not there."""

import numpy as np
import pytest

from davinz_jax.files import write_bytes, write_whole


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
