"""A user's own images: folders party/class/*.png, or a CSV manifest of path, party and class."""

import struct
import warnings
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from jaxtyping import Float

from davinz_jax.choices import check_choice
from davinz_jax.data.checks import validate
from davinz_jax.data.dataset import Dataset, Parties, Validation
from davinz_jax.data.holdout import Holdout, hold_out
from davinz_jax.data.local import PathLike, unreadable_file
from davinz_jax.data.randomness import split_key
from davinz_jax.data.remarks import with_remarks
from davinz_jax.data.resize import resize_bilinear
from davinz_jax.data.selection import Select, select_dataset
from davinz_jax.data.sources.table_columns import category_names, check_column
from davinz_jax.data.tabular.reading import read_table
from davinz_jax.types import PRNGKey, Progress

Colour = Literal["auto", "grey", "rgb"]
"""Grey or RGB for all images, or grey where all of them are."""

_IMAGE_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    TypeError,
    LookupError,
    OverflowError,
    struct.error,
    zlib.error,
)
"""What damaged images are refused with, by their kind."""

_SUFFIXES = (".png", ".jpg", ".jpeg")


@dataclass(frozen=True)
class _Listing:
    """Image files with the class and, where there are any, the party of each."""

    paths: tuple[Path, ...]
    classes: np.ndarray
    parties: np.ndarray | None

    def take(self, rows: np.ndarray) -> "_Listing":
        parties = None if self.parties is None else self.parties[rows]
        return _Listing(tuple(self.paths[row] for row in rows), self.classes[rows], parties)


def load_images(
    path: PathLike,
    *,
    validation_path: PathLike | None = None,
    size: int | None = None,
    colour: Colour = "auto",
    num_rows: int | None = None,
    num_validation_rows: int | None = None,
    select: Select = "first",
    holdout: Holdout = 0.2,
    key: PRNGKey | None = None,
    progress: Progress | None = None,
) -> Dataset:
    """Images of several parties, with classes, as a data set.

    Args:
        path: a folder that holds party/class/*.png (.jpg, .jpeg), or a CSV manifest with the
            columns path (relative to the manifest), class and, if the data has parties, party.
        validation_path: a folder that holds class/*.png, or a manifest, with the validation set.
        size: pixels a side, by bilinear resizing; None for images that are all of one size.
        colour: grey (one channel), rgb (three), or auto: grey where all images are.
        num_rows: images to be valued; None for all.
        num_validation_rows: images of the validation set; None for all.
        select: which images, as in `select_rows`.
        holdout: share of the images held out where there is no `validation_path`.
        key: needed for a held-out validation set and for select=random.
        progress: called as images are read.

    Returns:
        Inputs (n, h, w, 1 or 3) in [0, 1], float32, with the parties; a note says if the
        validation set was held out.

    Raises:
        ValueError: if a file is missing or corrupt, a party has no image, sizes differ, or there
            is no validation set and no holdout.
    """
    hold_key, *row_keys = split_key(key, 3)
    listing, held, notes = _list_both(Path(path), validation_path, holdout, hold_key)
    names = np.unique(np.concatenate([listing.classes, held.classes]))
    files = (*listing.paths, *held.paths)
    numbers = np.arange(len(files))  # stand for the images until those in use are known
    numbered = Dataset(
        numbers[: len(listing.paths)],
        np.searchsorted(names, listing.classes),
        task="classification",
        num_classes=len(names),
        validation=Validation(numbers[len(listing.paths) :], np.searchsorted(names, held.classes)),
        name=Path(path).stem,
        class_names=tuple(str(name) for name in names),
        parties=None if listing.parties is None else Parties.from_names(listing.parties),
        notes=notes,
    )
    used = select_dataset(numbered, num_rows, num_validation_rows, select=select, keys=row_keys)
    in_use = [files[k] for k in (*used.inputs, *used.validation.inputs)]
    channels = _count_channels(in_use, colour)
    read = used.map_inputs(
        lambda rows: _read_images([files[k] for k in rows], size, channels, progress)
    )
    return with_remarks(validate(read))


def _list_both(
    path: Path, validation_path: PathLike | None, holdout: Holdout, key: PRNGKey | None
) -> tuple[_Listing, _Listing, tuple[str, ...]]:
    """The images to be valued, those of the validation set, and what there is to say about them."""
    listing = _list_images(path, with_parties=True)
    if validation_path is not None:
        return listing, _list_images(Path(validation_path), with_parties=False), ()
    kept, held, note = hold_out(
        len(listing.paths),
        fraction=holdout,
        parties=listing.parties,
        key=key,
        source=path.name,
        groups=np.array([_digest(each) for each in listing.paths]),
    )
    return listing.take(kept), listing.take(held), (note,)


def _digest(path: Path) -> str:
    """What a file's contents hash to; a missing file, refused later, is like no other."""
    return sha256(path.read_bytes()).hexdigest() if path.is_file() else str(path)


def _list_images(path: Path, *, with_parties: bool) -> _Listing:
    """Image files that a folder or a manifest names."""
    if path.is_dir():
        return _list_folder(path, with_parties)
    if path.is_file():
        return _read_manifest(path)
    raise ValueError(
        f"path: wanted a folder of images or a CSV manifest, got {path}, which is neither; "
        "check the path"
    )


def _list_folder(folder: Path, with_parties: bool) -> _Listing:
    """Images of party/class/*, or of class/*, in order of their paths."""
    if with_parties:
        _check_parties(folder)
    pattern = "*/*/*" if with_parties else "*/*"
    paths = tuple(sorted(p for p in folder.glob(pattern) if p.suffix.lower() in _SUFFIXES))
    if not paths:
        raise ValueError(
            f"path: wanted {pattern}.png or .jpg, got no such file in {folder}; arrange the images "
            f"as {'party/' if with_parties else ''}class/name.png"
        )
    classes = np.array([p.parent.name for p in paths])
    parties = np.array([p.parent.parent.name for p in paths]) if with_parties else None
    return _Listing(paths, classes, parties)


def _check_parties(folder: Path) -> None:
    """Refuses a party's folder without an image."""
    for party in sorted(p for p in folder.iterdir() if p.is_dir()):
        if not any(p.suffix.lower() in _SUFFIXES for p in party.glob("*/*")):
            raise ValueError(
                f"parties: wanted at least one image each, got none in {party}; add images as "
                "class/name.png, or remove the folder"
            )


def _read_manifest(path: Path) -> _Listing:
    """Images of a CSV manifest, in its order."""
    frame = read_table(path)
    for column in ("path", "class"):
        check_column(column, frame.columns, f"manifest {path.name}")
    paths = tuple(path.parent / name for name in category_names(frame, "path"))
    parties = category_names(frame, "party") if "party" in frame.columns else None
    return _Listing(paths, category_names(frame, "class"), parties)


def _count_channels(paths: Sequence[Path], colour: Colour) -> int:
    """Channels of all images: 1 where all are grey, if that is left open."""
    check_choice("colour", colour, get_args(Colour))
    if colour != "auto":
        return 1 if colour == "grey" else 3
    return 1 if all(_is_grey(path) for path in paths) else 3


def _is_grey(path: Path) -> bool:
    """Whether an image file has one channel; reads its header only."""
    with _open_image(path) as image:
        return image.mode in ("1", "L", "LA", "I;16")


def _open_image(path: Path):
    """An image file, not decoded yet."""
    from PIL import Image

    if not path.is_file():
        raise ValueError(f"path: wanted an image, got {path}, which is no file; mend the manifest")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return Image.open(path)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ValueError(
            f"{path}: wanted an image of at most {Image.MAX_IMAGE_PIXELS:,} pixels, got a larger "
            f"one ({error}); make it smaller, or leave it out"
        ) from error
    except _IMAGE_ERRORS as error:
        raise unreadable_file(path, "an image", error) from error


def _read_images(
    paths: Sequence[Path], size: int | None, channels: int, progress: Progress | None
) -> Float[np.ndarray, "n h w c"]:
    """Pixels of image files in [0, 1], all of one size."""
    images = []
    for path in paths:
        image = _pixels(path, channels)
        if size is not None:
            image = resize_bilinear(image[None], size, size)[0]
        if images and image.shape != images[0].shape:
            raise ValueError(
                f"{path}: wanted {images[0].shape[0]}×{images[0].shape[1]} pixels as in "
                f"{paths[0].name}, got {image.shape[0]}×{image.shape[1]}; set size to resize all"
            )
        images.append(image)
        if progress is not None:
            progress(len(images), len(paths), "reading images")
    return np.stack(images)


def _pixels(path: Path, channels: int) -> Float[np.ndarray, "h w c"]:
    """Pixels of one image file in [0, 1]."""
    with _open_image(path) as image:
        try:
            pixels = np.asarray(image.convert("L" if channels == 1 else "RGB"), np.float32) / 255
        except _IMAGE_ERRORS as error:
            raise unreadable_file(path, "a whole image", error) from error
    return pixels.reshape(*pixels.shape[:2], channels)
