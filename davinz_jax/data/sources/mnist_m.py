"""MNIST-M: MNIST's digits blended with patches of natural photographs, and MNIST as RGB beside it.

A pixel of a channel is abs(patch − digit), so a digit shows as the patch's negative. The authors
then rotate each image cyclically by three pixels in height and width, to make the shift larger.
"""

from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import jax
import numpy as np
from jaxtyping import Float, UInt8

from davinz_jax.data.dataset import Dataset
from davinz_jax.data.local import PathLike, corrupt_file, locate, read_members
from davinz_jax.data.randomness import numpy_generator
from davinz_jax.data.selection import Select
from davinz_jax.data.sources.mnist import load_mnist
from davinz_jax.types import PRNGKey, Progress

_FOLDERS = (
    "bsds500", "BSR/BSDS500/data/images/train", "BSDS500/data/images/train", "images/train",
)  # fmt: skip
_ARCHIVE = "BSR_bsds500.tgz"
_SUFFIXES = (".jpg", ".jpeg", ".png")

Photograph = UInt8[np.ndarray, "_ _ 3"]


def load_mnist_m(
    *,
    root: PathLike | None = None,
    photographs: PathLike | None = None,
    photographs_checksum: str | None = None,
    num_rows: int | None = None,
    num_validation_rows: int | None = None,
    select: Select = "first",
    roll: int = 3,
    key: PRNGKey,
    progress: Progress | None = None,
) -> Dataset:
    """MNIST-M: the second of `load_mnist_domains`, which says what the arguments are."""
    return load_mnist_domains(
        root=root,
        photographs=photographs,
        photographs_checksum=photographs_checksum,
        num_rows=num_rows,
        num_validation_rows=num_validation_rows,
        select=select,
        roll=roll,
        key=key,
        progress=progress,
    )[1]


def load_mnist_domains(
    *,
    root: PathLike | None = None,
    photographs: PathLike | None = None,
    photographs_checksum: str | None = None,
    num_rows: int | None = None,
    num_validation_rows: int | None = None,
    select: Select = "first",
    roll: int = 3,
    disjoint: bool = False,
    key: PRNGKey,
    progress: Progress | None = None,
) -> tuple[Dataset, Dataset]:
    """MNIST as RGB, and MNIST-M made from the same digits; each with its test set for validation.

    Args:
        root: folder of local copies of MNIST and of BSDS500 (in bsds500, or as its archive holds
            it); None for DAVINZ_DATA, or downloads.
        photographs: any folder of .jpg or .png photographs (its subfolders too) in place of
            BSDS500's training images.
        photographs_checksum: as `checksum` in `load_photographs`.
        num_rows: as in `load_mnist`.
        num_validation_rows: as in `load_mnist`.
        select: as in `load_mnist`.
        roll: pixels by which MNIST-M is rotated cyclically in height and width; 0 for none, -3 as
            in the authors' data.
        disjoint: whether the first half of the digits is MNIST's and the second MNIST-M's, or
            both are made of all.
        key: draws the photograph and the patch for each digit.
        progress: called while files are downloaded.

    Returns:
        Two data sets with inputs (n, 28, 28, 3) in [0, 1].

    Raises:
        ValueError: if files are missing or corrupt, or a photograph is smaller than a digit.
    """
    row_key, blend_key, validation_key = jax.random.split(key, 3)
    digits = load_mnist(
        root=root,
        num_rows=num_rows,
        num_validation_rows=num_validation_rows,
        select=select,
        channels=3,
        key=row_key,
        progress=progress,
    )
    pool = load_photographs(
        photographs, root=root, checksum=photographs_checksum, progress=progress
    )
    blended, validation_blended = (
        np.roll(blend_with_photographs(images, pool, key=draw), (roll, roll), axis=(1, 2))
        for images, draw in ((digits.inputs, blend_key), (digits.validation.inputs, validation_key))
    )
    first = replace(digits, name="mnist-rgb")
    second = replace(
        digits,
        inputs=blended,
        validation=replace(digits.validation, inputs=validation_blended),
        name="mnist-m",
    )
    if not disjoint:
        return first, second
    half = np.arange(len(digits)) < len(digits) // 2
    return first.take(np.flatnonzero(half)), second.take(np.flatnonzero(~half))


def blend_with_photographs(
    digits: Float[np.ndarray, "n h w 3"], photographs: Sequence[Photograph], *, key: PRNGKey
) -> Float[np.ndarray, "n h w 3"]:
    """Digits in [0, 1] blended with a random patch of a random photograph each: abs(patch − digit).

    Raises:
        ValueError: if there is no photograph, or one is smaller than the digits.
    """
    height, width = digits.shape[1:3]
    _check_photographs(photographs, height, width)
    generator = numpy_generator(key)
    chosen = generator.integers(len(photographs), size=len(digits))
    room = np.array([(p.shape[0] - height + 1, p.shape[1] - width + 1) for p in photographs])
    corners = generator.integers(room[chosen])  # (n, 2)
    blended = np.empty_like(digits)
    for row, (k, (top, left)) in enumerate(zip(chosen, corners, strict=True)):
        patch = photographs[k][top : top + height, left : left + width]
        blended[row] = np.abs(patch / digits.dtype.type(255) - digits[row])
    return blended


def _check_photographs(photographs: Sequence[Photograph], height: int, width: int) -> None:
    if not photographs:
        raise ValueError("photographs: wanted at least one, got none; name a folder that has some")
    for index, photograph in enumerate(photographs):
        if photograph.shape[0] < height or photograph.shape[1] < width:
            raise ValueError(
                f"photographs: wanted at least {height}×{width} pixels, got "
                f"{photograph.shape[0]}×{photograph.shape[1]} in number {index}; leave it out"
            )


def load_photographs(
    folder: PathLike | None = None,
    *,
    root: PathLike | None = None,
    checksum: str | None = None,
    progress: Progress | None = None,
) -> list[Photograph]:
    """Photographs of a folder, else BSDS500's training images, in order of their paths.

    Args:
        folder: any folder of .jpg or .png files, its subfolders too.
        root: as in `load_mnist_domains`.
        checksum: `algorithm:hex` that a downloaded BSDS500 archive must have. None is known for
            certain, so without one a download is checked only by being readable to its end.
        progress: called while the archive is downloaded.

    Raises:
        ValueError: if there are no photographs, or one cannot be read.
    """
    if folder is not None:
        paths = sorted(p for p in Path(folder).rglob("*") if p.suffix.lower() in _SUFFIXES)
        if not paths:
            raise ValueError(
                f"photographs: wanted a folder with .jpg or .png files, got none in {folder}; "
                "name a folder that has some"
            )
        return [_decode(path.read_bytes(), path) for path in paths]
    found = locate(
        ["*.jpg", _ARCHIVE],
        root=root,
        folders=(*_FOLDERS, ""),
        public="bsds500",
        checksum=checksum,
        progress=progress,
    )
    if found[0].name == _ARCHIVE:
        members = read_members(found[0], "*/images/train/*.jpg")
        return [_decode(contents, name) for name, contents in members.items()]
    return [_decode(path.read_bytes(), path) for path in sorted(found)]


def _decode(contents: bytes, path: Path | str) -> Photograph:
    """RGB pixels of an image file."""
    from PIL import Image

    try:
        with Image.open(BytesIO(contents)) as image:
            return np.asarray(image.convert("RGB"))
    except (OSError, SyntaxError) as error:
        raise corrupt_file(path, "a whole image", str(error)) from error
