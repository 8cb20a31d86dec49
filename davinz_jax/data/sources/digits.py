"""Handwritten digits of 8×8 pixels that come with scikit-learn: the embedded default."""

import numpy as np
from jaxtyping import Int

from davinz_jax.data.checks import validate
from davinz_jax.data.dataset import Dataset, Validation
from davinz_jax.data.holdout import Holdout, hold_out
from davinz_jax.data.randomness import split_key
from davinz_jax.data.resize import resize_bilinear
from davinz_jax.data.scalars import number
from davinz_jax.data.selection import Select, select_dataset
from davinz_jax.types import PRNGKey, Progress


def load_digits(
    *,
    num_rows: int | None = None,
    num_validation_rows: int | None = None,
    select: Select = "first",
    size: int = 8,
    holdout: Holdout = 0.2,
    key: PRNGKey | None = None,
    progress: Progress | None = None,
) -> Dataset:
    """The 1,797 digits of scikit-learn; pixels divided by 16, part held out as validation set.

    Args:
        num_rows: images to be valued; None for all that are not held out.
        num_validation_rows: images of the validation set; None for all held out.
        select: which images, as in `select_rows`.
        size: pixels a side; other than 8 by bilinear resizing.
        holdout: share of the images held out, as in `hold_out`.
        key: draws the images held out; without a key they are the last ones.
        progress: taken as by every source; there is nothing to wait for.

    Returns:
        Inputs (n, size, size, 1) in [0, 1], float32.

    Raises:
        ValueError: if `holdout` is not in (0, 1) or fewer rows are there than wanted.
    """
    from sklearn.datasets import load_digits as embedded_digits

    images, classes = embedded_digits(return_X_y=True)
    pixels = (np.asarray(images) / 16).astype(np.float32).reshape(-1, 8, 8, 1)
    labels = np.asarray(classes).astype(np.int64)
    hold_key, *row_keys = split_key(key, 3)
    kept, held, note = _hold_out_digits(len(labels), holdout, hold_key)
    digits = Dataset(
        pixels[kept],
        labels[kept],
        task="classification",
        num_classes=10,
        validation=Validation(pixels[held], labels[held]),
        name="digits",
        class_names=tuple("0123456789"),
        notes=(note,),
    )
    used = select_dataset(digits, num_rows, num_validation_rows, select=select, keys=row_keys)
    return validate(used.map_inputs(lambda images: resize_bilinear(images, size, size)))


def _hold_out_digits(
    num_rows: int, fraction: Holdout, key: PRNGKey | None
) -> tuple[Int[np.ndarray, " n"], Int[np.ndarray, " m"], str]:
    """A draw by key, or without one the last rows (the images are in no order of class)."""
    if key is not None or isinstance(fraction, str | None) or not 0 < number(fraction) < 1:
        return hold_out(num_rows, fraction=fraction, key=key, source="digits")
    num_held = int(np.clip(round(number(fraction) * num_rows), 1, num_rows - 1))
    note = f"validation set: the last {num_held} of {num_rows} digits, held out"
    return np.arange(num_rows - num_held), np.arange(num_rows - num_held, num_rows), note
