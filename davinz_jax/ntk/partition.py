"""Diagonal blocks: which rows share one."""

import jax
import numpy as np
from jaxtyping import Int

from davinz_jax.types import PRNGKey


def block_rows(
    num_rows: int, *, num_blocks: int, shuffle: bool, key: PRNGKey | None
) -> Int[np.ndarray, "b s"]:
    """Rows of each diagonal block: block b holds places b·n//B to (b+1)·n//B of a permutation.

    Args:
        num_rows: n rows in all.
        num_blocks: B, 1 for a dense kernel.
        shuffle: permute the rows once, by `key`; else they stay in the order given.
        key: typed random key; may be None without shuffling.

    Returns:
        Row of each block position, -1 where a shorter block is padded at its end.

    Raises:
        ValueError: if there are fewer rows than blocks, or no key to shuffle by.

    Example:
        >>> block_rows(5, num_blocks=2, shuffle=False, key=None)
        array([[ 0,  1, -1],
               [ 2,  3,  4]])
    """
    if not 1 <= num_blocks <= num_rows:
        raise ValueError(
            f"num_blocks: wanted 1..{num_rows}, as many as rows at most, got {num_blocks}; "
            "lower num_blocks or add rows"
        )
    order = np.arange(num_rows)
    if shuffle:
        if key is None:
            raise ValueError("key: wanted a random key to shuffle by, got None; pass key")
        order = np.asarray(jax.random.permutation(key, num_rows)).astype(np.int64)
    ends = np.arange(num_blocks + 1) * num_rows // num_blocks
    blocks = np.full((num_blocks, np.diff(ends).max()), -1, dtype=np.int64)
    for block, (start, end) in enumerate(zip(ends[:-1], ends[1:], strict=True)):
        blocks[block, : end - start] = order[start:end]
    return blocks
