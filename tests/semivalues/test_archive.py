"""Archives: whole, checked, and without pickle."""

import numpy as np
import pytest

from davinz_jax.semivalues.archive import plain, read_archive, write_archive


@pytest.fixture
def written(tmp_path):
    path = tmp_path / "folder" / "thing.npz"
    write_archive(path, "thing", {"a": (1, 2), "b": np.float64(0.1)}, {"x": np.arange(50.0)})
    return path


def test_what_is_written_is_read(written):
    document, arrays = read_archive(written, "thing")
    assert document == {"a": [1, 2], "b": 0.1}
    np.testing.assert_array_equal(arrays["x"], np.arange(50.0))
    assert [path.name for path in written.parent.iterdir()] == ["thing.npz"]


def test_numpy_reads_the_arrays_without_pickle(written):
    with np.load(written, allow_pickle=False) as file:
        np.testing.assert_array_equal(file["x"], np.arange(50.0))


def test_same_content_same_bytes(written, tmp_path):
    document, arrays = read_archive(written, "thing")
    write_archive(tmp_path / "again.npz", "thing", document, arrays)
    assert (tmp_path / "again.npz").read_bytes() == written.read_bytes()


@pytest.mark.parametrize("kept", [0, 10, 200, -1])
def test_a_cut_file_is_refused(written, kept):
    written.write_bytes(written.read_bytes()[:kept])
    with pytest.raises(ValueError, match=r"thing.npz: wanted a thing, got a damaged"):
        read_archive(written, "thing")


def test_no_changed_byte_goes_unseen(written):
    """Each is refused by name, or carries nothing (a time stamp) and changes nothing."""
    content = written.read_bytes()
    for place in range(0, len(content), 7):
        changed = bytearray(content)
        changed[place] ^= 0x55
        written.write_bytes(bytes(changed))
        assert what_is_read(written) in (REFUSED, ({"a": [1, 2], "b": 0.1}, list(range(50))))


REFUSED = "thing.npz: wanted a thing"


def what_is_read(path):
    try:
        document, arrays = read_archive(path, "thing")
    except ValueError as error:
        return REFUSED if REFUSED in str(error) else str(error)
    return document, arrays["x"].tolist()


def test_other_files_are_refused_by_name(written, tmp_path):
    with pytest.raises(ValueError, match="wanted a cat, got a thing"):
        read_archive(written, "cat")
    with pytest.raises(ValueError, match="no such file"):
        read_archive(tmp_path / "none.npz", "thing")
    np.savez(tmp_path / "other.npz", x=np.zeros(3))
    with pytest.raises(ValueError, match="another program's file"):
        read_archive(tmp_path / "other.npz", "thing")


def test_plain_values():
    assert plain({1: np.arange(2), "k": (np.int64(3), None)}) == {"1": [0, 1], "k": [3, None]}
