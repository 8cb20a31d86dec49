"""MNIST: the IDX parser by hand, files made for the purpose, and the real ones."""

import gzip
import struct

import numpy as np
import pytest

from davinz_jax.data import load_mnist
from davinz_jax.data.sources.mnist import parse_idx, read_mnist


def idx(array):
    """An IDX file of unsigned bytes."""
    header = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.astype(np.uint8).tobytes()


@pytest.fixture
def root(tmp_path):
    """A small MNIST, its test part gzipped: image i has the value i everywhere, label i mod 10."""
    folder = tmp_path / "MNIST" / "raw"
    folder.mkdir(parents=True)
    for stem, count in (("train", 20), ("t10k", 10)):
        images = np.arange(count)[:, None, None] * np.ones((1, 28, 28))
        for name, array in (("images-idx3", images), ("labels-idx1", np.arange(count) % 10)):
            contents = idx(array)
            if stem == "t10k":
                (folder / f"{stem}-{name}-ubyte.gz").write_bytes(gzip.compress(contents))
            else:
                (folder / f"{stem}-{name}-ubyte").write_bytes(contents)
    return tmp_path


def test_idx_of_two_dimensions_by_hand():
    contents = bytes([0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6])
    np.testing.assert_array_equal(parse_idx(contents, "x"), [[1, 2, 3], [4, 5, 6]])


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        (b"", "wanted an IDX file"),
        (bytes([0, 0, 13, 1, 0, 0, 0, 1, 5]), "wanted an IDX file, .* got 00 00 0d 01"),
        (bytes([0, 0, 8, 0]), "wanted an IDX file"),
        (bytes([0, 0, 8, 2, 0, 0, 0, 2]), "wanted an IDX file"),
        (
            bytes([0, 0, 8, 1, 0, 0, 0, 3, 1, 2]),
            "wanted 3 bytes of values, as its header says, got 2",
        ),
        (
            bytes([0, 0, 8, 1, 0, 0, 0, 1, 1, 2]),
            "wanted 1 bytes of values, as its header says, got 2",
        ),
    ],
)
def test_what_is_no_idx_file_is_refused(contents, message):
    with pytest.raises(ValueError, match=f"labels: {message}"):
        parse_idx(contents, "labels")


def test_rows_and_target_rows_are_the_first_ones(root):
    data = load_mnist(root=root, num_rows=5, num_validation_rows=3)
    assert data.inputs.shape == (5, 28, 28, 1)
    assert data.inputs.dtype == np.float32
    np.testing.assert_array_equal(data.targets, np.arange(5))
    np.testing.assert_allclose(data.inputs[:, 0, 0, 0], np.arange(5) / 255, rtol=1e-6)
    assert data.validation.targets is not None
    np.testing.assert_array_equal(data.validation.targets, np.arange(3))


def test_resized_rgb_and_balanced(root):
    data = load_mnist(root=root, num_rows=10, select="balanced", size=32, channels=3)
    assert data.inputs.shape == (10, 32, 32, 3)
    np.testing.assert_array_equal(data.targets, np.arange(10))
    np.testing.assert_allclose(data.inputs[7], 7 / 255, rtol=1e-5)


def test_random_rows_need_a_key(root, key):
    with pytest.raises(ValueError, match="key: wanted a random key"):
        load_mnist(root=root, num_rows=12, select="random")
    first = load_mnist(root=root, num_rows=12, select="random", key=key)
    assert first.sha256() == load_mnist(root=root, num_rows=12, select="random", key=key).sha256()


@pytest.mark.parametrize("folder", ["mnist", "."])
def test_other_folders_of_the_root(root, folder):
    moved = root / folder
    moved.mkdir(exist_ok=True)
    for path in (root / "MNIST" / "raw").iterdir():
        path.rename(moved / path.name)
    assert len(load_mnist(root=root)) == 20


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_rows": 21}, "num_rows: wanted 1..20 rows, got 21"),
        ({"num_validation_rows": 11}, "num_validation_rows: wanted 1..10 rows, got 11"),
        ({"size": 0}, "size: wanted pixels a side, at least 1, got 0"),
        ({"channels": 2}, r"channels: wanted 1 \(grey\) or 3 \(RGB\), got 2"),
        ({"num_rows": 1}, "targets: wanted at least two classes, got only class 0"),
    ],
)
def test_what_cannot_be_given_is_refused(root, arguments, message):
    with pytest.raises(ValueError, match=message):
        load_mnist(root=root, **arguments)


def test_files_that_do_not_fit_are_refused(root):
    folder = root / "MNIST" / "raw"
    cases = [
        ("train-labels-idx1-ubyte", idx(np.zeros(19)), "wanted 20 labels, got labels of shape"),
        ("train-labels-idx1-ubyte", idx(np.full(20, 10)), "wanted labels in 0..9, got label 10"),
        ("train-images-idx3-ubyte", idx(np.zeros((20, 27, 28))), r"images of shape \(n, 28, 28\)"),
    ]
    for name, contents, message in cases:
        kept = (folder / name).read_bytes()
        (folder / name).write_bytes(contents)
        with pytest.raises(ValueError, match=message):
            load_mnist(root=root)
        (folder / name).write_bytes(kept)


def test_missing_and_truncated_files_are_named(root):
    path = root / "MNIST" / "raw" / "t10k-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ValueError, match="t10k-images-idx3-ubyte.gz: wanted a whole gzip file"):
        load_mnist(root=root)
    path.unlink()
    with pytest.raises(ValueError, match="root: wanted t10k-images-idx3-ubyte"):
        load_mnist(root=root)


def test_real_mnist(real_data):
    images, labels = read_mnist("test", root=real_data)
    assert images.shape == (10_000, 28, 28)
    np.testing.assert_array_equal(labels[:5], [7, 2, 1, 0, 4])
    counts = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    np.testing.assert_array_equal(np.bincount(labels), counts)
    assert abs(images.mean() / 255 - 0.1325) < 1e-4
