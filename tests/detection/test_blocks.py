"""Blocks of rows: every row once a partition, each block a part of the whole kernel."""

import numpy as np
import pytest

from davinz_jax.data import Dataset, Validation
from davinz_jax.detection.blocks import random_blocks, row_kernel_blocks
from davinz_jax.kernels import RBF, row_kernel


@pytest.fixture
def data():
    inputs = np.random.default_rng(0).normal(size=(23, 3))
    return Dataset(inputs, np.arange(23) % 3, "classification", 3, Validation(inputs[:2]))


def test_each_row_is_once_in_each_partition(key):
    blocks = list(random_blocks(23, block_size=6, num_partitions=2, key=key))
    assert [len(block) for block in blocks] == [6, 6, 6, 5] * 2
    for partition in (blocks[:4], blocks[4:]):
        assert sorted(np.concatenate(partition)) == list(range(23))
    assert not np.array_equal(blocks[0], blocks[4])


def test_the_same_key_gives_the_same_blocks(key):
    first, second = (list(random_blocks(9, block_size=4, key=key)) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_blocks_are_parts_of_the_whole_kernel(data, key):
    whole = row_kernel(RBF(2.0), data)
    for block in row_kernel_blocks(RBF(2.0), data, block_size=8, key=key):
        part = whole.blocks[:, 0][:, block.rows][:, :, block.rows]
        np.testing.assert_allclose(block.kernel, part, rtol=1e-12)
        np.testing.assert_array_equal(block.residual, whole.residual[:, block.rows])


def test_progress_counts_blocks(data, key):
    told = []
    blocks = row_kernel_blocks(
        RBF(2.0), data, block_size=8, num_partitions=2, key=key,
        progress=lambda done, total, stage: told.append((done, total, stage)),
    )  # fmt: skip
    assert len(list(blocks)) == 6
    assert told[-1] == (6, 6, "blocks of rows")


def test_a_block_of_one_row_is_refused(key):
    with pytest.raises(ValueError, match="block_size, num_partitions: wanted at least 2 and 1"):
        list(random_blocks(5, block_size=1, key=key))
