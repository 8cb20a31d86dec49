"""Batches of rows, all of one shape, so that there is one compilation a shape."""

import numpy as np
from jaxtyping import Int, Shaped

from davinz_jax.ntk.outputs import Rows


def batch_slices(num_rows: int, batch_size: int) -> list[slice]:
    """Runs of rows, as even as can be, none longer than `batch_size`.

    Example:
        >>> batch_slices(7, 3)
        [slice(0, 3, None), slice(3, 6, None), slice(6, 7, None)]
    """
    size = even_size(num_rows, batch_size)
    return [slice(start, min(start + size, num_rows)) for start in range(0, num_rows, size)]


def even_size(num_rows: int, batch_size: int) -> int:
    """Smallest batch that needs no more batches than `batch_size` does.

    Example:
        >>> even_size(1000, 600)
        500
    """
    return -(-num_rows // -(-num_rows // batch_size))


def take_rows(rows: Rows, index: slice | Int[np.ndarray, " r"], size: int) -> Rows:
    """The rows of an index or slice, padded to `size` by copies of the first of them."""

    def pad(array: Shaped[np.ndarray, "n ..."]) -> Shaped[np.ndarray, "s ..."]:
        taken = array[index]
        lacking = size - len(taken)
        return np.concatenate([taken, np.repeat(taken[:1], lacking, axis=0)]) if lacking else taken

    return Rows(pad(np.asarray(rows.inputs)), pad(np.asarray(rows.labels)))
