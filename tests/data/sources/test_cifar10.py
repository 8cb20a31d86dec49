"""CIFAR-10's binary batches: by hand, in files, in an archive, and the real ones."""

import gzip
import io
import tarfile

import numpy as np
import pytest

from davinz_jax.data import load_cifar10
from davinz_jax.data.sources.cifar10 import CIFAR10_MEAN, CIFAR10_STD, parse_batch


def batch(labels, start=0):
    """Records of one label each; image i has red start+i, green 100 and blue 200 everywhere."""
    records = []
    for row, label in enumerate(labels):
        colours = np.repeat([start + row, 100, 200], 1024).astype(np.uint8)
        records.append(bytes([label]) + colours.tobytes())
    return b"".join(records)


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "cifar-10-batches-bin"
    folder.mkdir()
    (folder / "data_batch_1.bin").write_bytes(batch([0, 1]))
    (folder / "data_batch_2.bin.gz").write_bytes(gzip.compress(batch([2, 3, 4], start=2)))
    (folder / "test_batch.bin").write_bytes(batch([9, 8]))
    return tmp_path


def test_a_record_is_read_channel_by_channel():
    contents = bytes([3]) + bytes(range(256)) * 12
    images, labels = parse_batch(contents, "x")
    assert labels.tolist() == [3]
    assert images.shape == (1, 32, 32, 3)
    assert images[0, 1, 2].tolist() == [34, 34, 34]  # byte 32·1 + 2 of each channel
    assert images[0, 10, 5].tolist() == [(32 * 10 + 5) % 256] * 3


def test_any_number_of_batches_in_order(root):
    data = load_cifar10(root=root, normalise=False)
    np.testing.assert_array_equal(data.targets, np.arange(5))
    np.testing.assert_allclose(data.inputs[:, 3, 4, 0] * 255, np.arange(5), atol=1e-5)
    np.testing.assert_allclose(data.inputs[:, 0, 0, 2], 200 / 255, rtol=1e-6)
    assert data.class_names[3] == "cat"


def test_normalised_by_channel(root):
    data = load_cifar10(root=root, num_rows=2, num_validation_rows=1)
    expected = (np.array([1, 100, 200]) / 255 - CIFAR10_MEAN) / CIFAR10_STD
    np.testing.assert_allclose(data.inputs[1, 5, 6], expected, rtol=1e-5)
    assert data.inputs.dtype == np.float32
    assert len(data.validation.inputs) == 1


def test_archive_gives_the_same(root, tmp_path):
    folder = root / "cifar-10-batches-bin"
    place = tmp_path / "other"
    place.mkdir()
    with tarfile.open(place / "cifar-10-binary.tar.gz", "w:gz") as tar:
        for name, contents in (
            ("data_batch_2.bin", batch([2, 3, 4], start=2)),
            ("data_batch_1.bin", (folder / "data_batch_1.bin").read_bytes()),
            ("test_batch.bin", (folder / "test_batch.bin").read_bytes()),
        ):
            member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            member.size = len(contents)
            tar.addfile(member, io.BytesIO(contents))
    assert load_cifar10(root=place).sha256() == load_cifar10(root=root).sha256()


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        (b"", "wanted records of 3073 bytes, got 0 bytes"),
        (
            batch([1, 2])[:-1],
            "wanted records of 3073 bytes, got 6145 bytes in all; the file is trun",
        ),
        (batch([10]), "wanted labels in 0..9, got label 10"),
    ],
)
def test_bad_batches_are_refused(root, contents, message):
    (root / "cifar-10-batches-bin" / "data_batch_1.bin").write_bytes(contents)
    with pytest.raises(ValueError, match=f"data_batch_1.bin: {message}"):
        load_cifar10(root=root)


def test_real_cifar10(real_data):
    data = load_cifar10(root=real_data, num_rows=500, num_validation_rows=200, select="balanced")
    np.testing.assert_array_equal(np.bincount(data.targets), np.full(10, 50))
    assert data.inputs.shape == (500, 32, 32, 3)
    np.testing.assert_allclose(data.inputs.mean(axis=(0, 1, 2)), 0, atol=0.15)
    np.testing.assert_allclose(data.inputs.std(axis=(0, 1, 2)), 1.23, atol=0.15)
