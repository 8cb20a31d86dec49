"""Batches cover every row once, in one shape."""

import numpy as np
import pytest

from davinz_jax.ntk.execution.batches import batch_slices, even_size, take_rows
from davinz_jax.ntk.outputs import Rows


@pytest.mark.parametrize("num_rows", [1, 7, 12, 100])
@pytest.mark.parametrize("batch_size", [1, 3, 7, 12, 1000])
def test_batches_cover_the_rows_once_and_evenly(num_rows, batch_size):
    slices = batch_slices(num_rows, batch_size)
    covered = [row for at in slices for row in range(num_rows)[at]]
    assert covered == list(range(num_rows))
    assert len(slices) == -(-num_rows // batch_size)
    assert {at.stop - at.start for at in slices[:-1]} <= {even_size(num_rows, batch_size)}
    assert even_size(num_rows, batch_size) <= batch_size


@pytest.mark.parametrize("index", [slice(1, 3), np.array([1, 2])])
def test_padding_is_copies_of_the_first_row(index):
    rows = Rows(np.arange(8.0).reshape(4, 2), np.arange(4, dtype=np.int32))
    found = take_rows(rows, index, 4)
    np.testing.assert_array_equal(found.labels, [1, 2, 1, 1])
    np.testing.assert_array_equal(found.inputs[:, 0], [2, 4, 2, 2])
    assert take_rows(rows, index, 2).num_rows == 2
