"""CIFAR-10, from its binary version: records of a label byte and 3,072 channel-first bytes.

The version in Python's pickle format is not read: unpickling a download can run any code.
"""

from functools import partial
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int, UInt8

from davinz_jax.data.checks import validate
from davinz_jax.data.dataset import Dataset, Validation
from davinz_jax.data.local import PathLike, corrupt_file, locate, read_bytes, read_members
from davinz_jax.data.randomness import split_key
from davinz_jax.data.selection import Select, select_dataset
from davinz_jax.types import PRNGKey, Progress

CIFAR10_CLASSES = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip
CIFAR10_MEAN = (0.4914, 0.4822, 0.4465)
CIFAR10_STD = (0.2023, 0.1994, 0.2010)
_ARCHIVE = "cifar-10-binary.tar.gz"
_FOLDERS = ("cifar-10-batches-bin", "cifar10", "")
_RECORD = 1 + 3 * 32 * 32


def load_cifar10(
    *,
    root: PathLike | None = None,
    num_rows: int | None = None,
    num_validation_rows: int | None = None,
    select: Select = "first",
    normalise: bool = True,
    key: PRNGKey | None = None,
    progress: Progress | None = None,
) -> Dataset:
    """CIFAR-10's training images to be valued, with its test images as the validation set.

    Args:
        root: folder of a local copy, data_batch_*.bin (any number of them) and test_batch.bin in
            cifar-10-batches-bin, in cifar10 or in the folder itself, gzipped or not, or the
            archive cifar-10-binary.tar.gz; None for DAVINZ_DATA, or a download.
        num_rows: training images; None for all.
        num_validation_rows: test images; None for all.
        select: which images, as in `select_rows`.
        normalise: pixels in [0, 1] minus the channel's mean, over its standard deviation, with
            the figures of the authors' code.
        key: needed for select=random only.
        progress: called while files are downloaded.

    Returns:
        Inputs (n, 32, 32, 3), float32.

    Raises:
        ValueError: if a file is missing, truncated or corrupt, or fewer rows are there than wanted.
    """
    cifar10 = Dataset(
        *read_cifar10("data_batch_*.bin", root=root, progress=progress),
        task="classification",
        num_classes=10,
        validation=Validation(*read_cifar10("test_batch.bin", root=root, progress=progress)),
        name="cifar10",
        class_names=CIFAR10_CLASSES,
    )
    keys = split_key(key, 2)
    used = select_dataset(cifar10, num_rows, num_validation_rows, select=select, keys=keys)
    return validate(used.map_inputs(partial(_prepare, normalise=normalise)))


def read_cifar10(
    pattern: str, *, root: PathLike | None = None, progress: Progress | None = None
) -> tuple[UInt8[np.ndarray, "n 32 32 3"], Int[np.ndarray, " n"]]:
    """Images and labels of the batches whose file names match a pattern, in order of number.

    Raises:
        ValueError: as in `load_cifar10`.
    """
    paths = locate(
        [pattern, _ARCHIVE], root=root, folders=_FOLDERS, public="cifar-10", progress=progress
    )
    if paths[0].name == _ARCHIVE:
        batches = read_members(paths[0], f"*{pattern}")
    else:
        batches = {str(path): read_bytes(path) for path in paths}
    images, labels = zip(
        *(parse_batch(contents, path) for path, contents in batches.items()), strict=True
    )
    return np.concatenate(images), np.concatenate(labels)


def parse_batch(
    contents: bytes, path: Path | str
) -> tuple[UInt8[np.ndarray, "n 32 32 3"], Int[np.ndarray, " n"]]:
    """Images and labels of one binary batch.

    Raises:
        ValueError: if its length is no multiple of a record's, or a label exceeds 9.
    """
    if not contents or len(contents) % _RECORD:
        raise corrupt_file(path, f"records of {_RECORD} bytes", f"{len(contents)} bytes in all")
    records = np.frombuffer(contents, np.uint8).reshape(-1, _RECORD)
    labels = records[:, 0].astype(np.int64)
    if labels.max() > 9:
        raise corrupt_file(path, "labels in 0..9", f"label {labels.max()}")
    images = (
        records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    )  # (n, c, h, w) -> (n, h, w, c)
    return images, labels


def _prepare(
    images: UInt8[np.ndarray, "n 32 32 3"], normalise: bool
) -> Float[np.ndarray, "n 32 32 3"]:
    """Pixels in [0, 1], or standardised channel by channel."""
    pixels = images.astype(np.float32) / 255
    if not normalise:
        return np.ascontiguousarray(pixels)
    mean, std = np.array(CIFAR10_MEAN, np.float32), np.array(CIFAR10_STD, np.float32)
    return np.ascontiguousarray((pixels - mean) / std)
