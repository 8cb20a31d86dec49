"""Diagonal blocks of rows."""

import jax
import numpy as np
import pytest

from davinz_jax.ntk import block_rows


def test_unshuffled_blocks_are_runs_of_rows():
    """Block b of 3 over 7 rows: 0..2, 2..4, 4..7."""
    blocks = block_rows(7, num_blocks=3, shuffle=False, key=None)
    np.testing.assert_array_equal(blocks, [[0, 1, -1], [2, 3, -1], [4, 5, 6]])


@pytest.mark.parametrize("num_blocks", [1, 4, 11])
def test_every_row_is_in_one_block(key, num_blocks):
    blocks = block_rows(11, num_blocks=num_blocks, shuffle=True, key=key)
    np.testing.assert_array_equal(np.sort(blocks[blocks >= 0]), np.arange(11))


def test_same_key_same_partition_other_key_another(key):
    first, again, other = (
        block_rows(40, num_blocks=2, shuffle=True, key=k) for k in (key, key, jax.random.key(1))
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_refuses_fewer_rows_than_blocks():
    with pytest.raises(ValueError, match=r"num_blocks: wanted 1\.\.3"):
        block_rows(3, num_blocks=4, shuffle=False, key=None)


def test_refuses_to_shuffle_without_a_key():
    with pytest.raises(ValueError, match="key: wanted"):
        block_rows(3, num_blocks=2, shuffle=True, key=None)
