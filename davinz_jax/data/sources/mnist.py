"""MNIST, from its four IDX files; pixels divided by 255, as the paper uses them.

An IDX file is a magic number (two zero bytes, the type of its values, the number of dimensions),
one big-endian 32-bit length a dimension, and the values, the last dimension fastest.
"""

import math
from functools import partial
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int, UInt8

from davinz_jax.choices import check_choice
from davinz_jax.data.checks import validate
from davinz_jax.data.dataset import Dataset, Validation
from davinz_jax.data.local import PathLike, corrupt_file, locate, read_bytes
from davinz_jax.data.randomness import split_key
from davinz_jax.data.resize import resize_bilinear
from davinz_jax.data.selection import Select, select_dataset
from davinz_jax.types import PRNGKey, Progress

MNIST_FOLDERS = ("MNIST/raw", "mnist", "")
_IDX_UBYTE = 0x08


def load_mnist(
    *,
    root: PathLike | None = None,
    num_rows: int | None = None,
    num_validation_rows: int | None = None,
    select: Select = "first",
    size: int = 28,
    channels: int = 1,
    key: PRNGKey | None = None,
    progress: Progress | None = None,
) -> Dataset:
    """MNIST's training images to be valued, with its test images as the validation set.

    Args:
        root: folder of a local copy, the files in MNIST/raw, in mnist or in the folder itself,
            gzipped or not; None for DAVINZ_DATA, or a download.
        num_rows: training images; None for all 60,000.
        num_validation_rows: test images; None for all 10,000.
        select: which images, as in `select_rows`.
        size: pixels a side; other than 28 by bilinear resizing (32 for VGG).
        channels: 1, or 3 for the grey value repeated as RGB.
        key: needed for select=random only.
        progress: called while files are downloaded.

    Returns:
        Inputs (n, size, size, channels) in [0, 1], float32.

    Raises:
        ValueError: if a file is missing, truncated or corrupt, or fewer rows are there than wanted.
    """
    _check_form(size, channels)
    mnist = Dataset(
        *read_mnist("train", root=root, progress=progress),
        task="classification",
        num_classes=10,
        validation=Validation(*read_mnist("test", root=root, progress=progress)),
        name="mnist",
        class_names=tuple("0123456789"),
    )
    keys = split_key(key, 2)
    used = select_dataset(mnist, num_rows, num_validation_rows, select=select, keys=keys)
    return validate(used.map_inputs(partial(_prepare, size=size, channels=channels)))


def read_mnist(
    part: str, *, root: PathLike | None = None, progress: Progress | None = None
) -> tuple[UInt8[np.ndarray, "n 28 28"], Int[np.ndarray, " n"]]:
    """Images and labels of one part of MNIST, `train` or `test`, as they are in its files.

    Raises:
        ValueError: as in `load_mnist`.
    """
    check_choice("part", part, ("train", "test"))
    stem = {"train": "train", "test": "t10k"}[part]
    images = _read_idx(f"{stem}-images-idx3-ubyte", f"mnist-{part}-images", root, progress)
    labels = _read_idx(f"{stem}-labels-idx1-ubyte", f"mnist-{part}-labels", root, progress)
    if images.ndim != 3 or images.shape[1:] != (28, 28):
        raise corrupt_file(stem, "images of shape (n, 28, 28)", f"shape {images.shape}")
    if labels.shape != images.shape[:1]:
        raise corrupt_file(stem, f"{len(images)} labels", f"labels of shape {labels.shape}")
    if labels.max(initial=0) > 9:
        raise corrupt_file(stem, "labels in 0..9", f"label {labels.max()}")
    return images, labels.astype(np.int64)


def _read_idx(
    name: str, public: str, root: PathLike | None, progress: Progress | None
) -> UInt8[np.ndarray, "..."]:
    """One IDX file, local or downloaded."""
    (path, *_) = locate([name], root=root, folders=MNIST_FOLDERS, public=public, progress=progress)
    return parse_idx(read_bytes(path), path)


def parse_idx(contents: bytes, path: Path | str) -> UInt8[np.ndarray, "..."]:
    """The array in an IDX file of unsigned bytes.

    Args:
        contents: bytes of the file, unpacked.
        path: where they came from, for messages.

    Raises:
        ValueError: if the magic number, the dimensions or the length are not those of such a file.

    >>> parse_idx(bytes([0, 0, 8, 1, 0, 0, 0, 2, 7, 9]), "labels")
    array([7, 9], dtype=uint8)
    """
    num_dimensions = contents[3] if len(contents) >= 4 else 0
    start = 4 + 4 * num_dimensions
    is_idx = contents[:3] == bytes([0, 0, _IDX_UBYTE]) and 1 <= num_dimensions <= 4
    if not is_idx or len(contents) < start:
        wanted = "an IDX file, which begins with 00 00 08, its dimensions and their lengths"
        raise corrupt_file(path, wanted, f"{contents[:16].hex(' ') or 'nothing'}")
    shape = np.frombuffer(contents[4:start], ">u4").tolist()
    size, found = math.prod(shape), len(contents) - start
    if found != size:
        raise corrupt_file(path, f"{size} bytes of values, as its header says", f"{found}")
    return np.frombuffer(contents, np.uint8, offset=start).reshape(shape)


def _check_form(size: int, channels: int) -> None:
    if size < 1:
        raise ValueError(f"size: wanted pixels a side, at least 1, got {size}; 28 is MNIST's own")
    if channels not in (1, 3):
        raise ValueError(f"channels: wanted 1 (grey) or 3 (RGB), got {channels}; choose one")


def _prepare(
    images: UInt8[np.ndarray, "n 28 28"], size: int, channels: int
) -> Float[np.ndarray, "n s s c"]:
    """Pixels in [0, 1], resized, the grey value once a channel."""
    grey = resize_bilinear(images[..., None].astype(np.float32) / 255, size, size)
    return np.repeat(grey, channels, axis=-1)
