"""Kernels under another rounding differ from the one at hand by what it is known to be off."""

import numpy as np
import pytest

from davinz_jax.kernels import KernelMatrix, Linear, kernel_sum, normalise_cosine, row_kernel
from davinz_jax.kernels.rounding import round_anew, rounding_of
from davinz_jax.ntk.tangent_kernel import TangentKernel

SIZE = 1e-3


@pytest.fixture
def kernel():
    """Two draws, in two blocks of which the second is padded, with validation rows."""
    rng = np.random.default_rng(0)
    factor = rng.normal(size=(2, 150, 30))
    whole = (factor @ factor.swapaxes(1, 2)).astype(np.float32)
    rows = np.concatenate([np.arange(119), [-1]]).reshape(2, 60)
    blocks = whole[:, rows[:, :, None], rows[:, None, :]]
    blocks[:, 1, -1] = blocks[:, 1, :, -1] = 0.0
    return TangentKernel(
        blocks=blocks,
        rows=rows,
        residual=rng.normal(size=(2, 119, 1)),
        output="scalar",
        engine="random",
        parameters="all",
        validation_kernel=whole[:, 119:, :119],
        validation_outputs=np.zeros((2, 31, 1)),
        measure_rounding=lambda: SIZE,
    )


def test_errors_have_the_size_that_is_known(kernel):
    """Root mean square of √(K_ii K_jj), to 5 % by 3,600 entries; symmetric; none in padding."""
    found = round_anew(kernel, [1], np.random.default_rng(1))
    assert found.blocks.shape == (1, 2, 60, 60)
    apart = found.blocks[0] - kernel.blocks[1]
    np.testing.assert_array_equal(apart, apart.swapaxes(1, 2))
    assert not apart[1, -1].any()
    root = np.sqrt(np.diagonal(kernel.blocks[1, 0]))
    relative = apart[0] / root / root[:, None]
    assert np.sqrt(np.mean(relative**2)) == pytest.approx(SIZE, rel=0.05)
    np.testing.assert_array_equal(found.residual, kernel.residual[[1]])


def test_the_validation_rows_own_size_is_taken_from_their_largest_cosine(kernel):
    """At most what the kernel of validation rows with themselves would give."""
    found = round_anew(kernel, [0], np.random.default_rng(1))
    apart = (found.validation_kernel - kernel.validation_kernel[:1])[0]
    root = np.zeros(119)
    is_row = kernel.rows >= 0
    root[kernel.rows[is_row]] = np.sqrt(np.diagonal(kernel.blocks[0], axis1=1, axis2=2))[is_row]
    own = np.abs(kernel.validation_kernel[0] / root).max(axis=1)
    relative = apart / root / own[:, None]
    assert np.sqrt(np.mean(relative**2)) == pytest.approx(SIZE, rel=0.05)


def test_kernels_of_kernels_are_rounded_too(kernel):
    """The mean of a rounded kernel and an exact one is off by half; a cosine by as much."""
    other = KernelMatrix(kernel.blocks + 1.0, kernel.rows, kernel.residual, "other",
                         validation_kernel=kernel.validation_kernel,
                         validation_outputs=kernel.validation_outputs)  # fmt: skip
    assert rounding_of(other) is None
    assert rounding_of(kernel_sum([other, other])) is None
    assert rounding_of(kernel_sum([kernel, other])) == pytest.approx(SIZE / 2)
    assert rounding_of(normalise_cosine(kernel, np.ones((2, 31)))) == SIZE


def test_kernels_of_raw_rows_are_in_float64(dataset):
    assert rounding_of(row_kernel(Linear(), dataset)) is None
