"""Local copies: where they are looked for, and files that are not whole."""

import gzip
import io
import tarfile

import pytest

from davinz_jax.data import local
from davinz_jax.data.local import locate, read_bytes, read_members


def found(root, *patterns):
    paths = locate(patterns, root=root, folders=("deep/er", ""), public="cifar-10")
    return [path.relative_to(root).as_posix() for path in paths]


def test_first_pattern_and_folder_with_a_match_decide(tmp_path):
    (tmp_path / "deep" / "er").mkdir(parents=True)
    for name in ("b_1.bin", "deep/er/b_10.bin", "deep/er/b_2.bin.gz", "all.tar.gz"):
        (tmp_path / name).touch()
    assert found(tmp_path, "b_*.bin", "all.tar.gz") == ["deep/er/b_2.bin.gz", "deep/er/b_10.bin"]
    assert found(tmp_path, "c_*.bin", "all.tar.gz") == ["all.tar.gz"]


def test_an_unzipped_file_hides_its_gzip(tmp_path):
    for name in ("labels", "labels.gz"):
        (tmp_path / name).touch()
    assert found(tmp_path, "labels") == ["labels"]


def test_a_root_without_the_file_is_refused(tmp_path):
    with pytest.raises(ValueError, match="root: wanted labels or all.tar.gz") as error:
        found(tmp_path, "labels", "all.tar.gz")
    assert str(tmp_path / "deep" / "er") in str(error.value)


def test_the_environment_names_a_root_and_else_the_file_is_fetched(tmp_path, monkeypatch):
    monkeypatch.setenv("DAVINZ_DATA", str(tmp_path))
    asked = []
    monkeypatch.setattr(local, "fetch", lambda name, **_: asked.append(name) or tmp_path / "got")
    arguments = {"root": None, "folders": ("",), "public": "cifar-10"}
    assert locate(["labels"], **arguments) == [tmp_path / "got"]
    (tmp_path / "labels").touch()
    assert locate(["labels"], **arguments) == [tmp_path / "labels"]
    assert asked == ["cifar-10"]


def test_gzip_is_unpacked_and_a_cut_or_false_one_refused(tmp_path):
    path = tmp_path / "data.gz"
    packed = gzip.compress(b"contents" * 100)
    path.write_bytes(packed)
    assert read_bytes(path) == b"contents" * 100
    for bad in (packed[:-12], packed[:20], b"no gzip at all", packed[:12] + b"\0\0" + packed[14:]):
        path.write_bytes(bad)
        with pytest.raises(ValueError, match="wanted a whole gzip file, got .* truncated or corr"):
            read_bytes(path)


def test_missing_file_is_named(tmp_path):
    with pytest.raises(ValueError, match="path: wanted a file, got .*nowhere"):
        read_bytes(tmp_path / "nowhere")


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "all.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        for name in ("top/b.bin", "top/a.bin", "top/notes.txt"):
            member = tarfile.TarInfo(name)
            member.size = 5000
            tar.addfile(member, io.BytesIO(name.encode().ljust(5000, b".")))
    return path


def test_members_are_read_by_pattern(archive):
    members = read_members(archive, "*.bin")
    assert list(members) == ["top/a.bin", "top/b.bin"]
    assert members["top/a.bin"].startswith(b"top/a.bin...")


def test_bad_archives_are_refused(archive):
    with pytest.raises(ValueError, match=r"wanted an archive that holds \*.jpg, got no such"):
        read_members(archive, "*.jpg")
    whole = archive.read_bytes()
    for bad in (whole[: len(whole) // 2], b"not a tar archive"):
        archive.write_bytes(bad)
        with pytest.raises(ValueError, match="wanted a whole tar archive, got"):
            read_members(archive, "*.bin")
