"""Halves of a kernel go through what is made of it."""

from dataclasses import replace

import numpy as np
import pytest

from davinz_jax.kernels import KernelMatrix
from davinz_jax.kernels.combine import kernel_sum, normalise_cosine, relabel
from davinz_jax.kernels.sketch import halves_of, map_halves


def kernel_of(diagonal):
    blocks = np.array(diagonal, np.float64) * np.eye(2)[None, None] + 1.0
    residual = np.zeros((1, 2, 1))
    return KernelMatrix(blocks, np.arange(2)[None], residual, "toy")


HALVES = kernel_of(1.0), kernel_of(3.0)
SKETCHED = replace(kernel_of(2.0), make_halves=lambda: HALVES)
EXACT = kernel_of(4.0)


def test_exact_kernels_have_none():
    assert halves_of(EXACT) is None
    assert map_halves(kernel_sum, EXACT) is None


def test_what_is_made_of_a_sketch_is_made_of_either_half():
    """An exact kernel beside it is the same in both."""
    found = halves_of(kernel_sum([SKETCHED, EXACT]))
    assert found is not None
    for half, own in zip(found, HALVES, strict=True):
        np.testing.assert_array_equal(half.blocks, kernel_sum([own, EXACT]).blocks)
    cosines = halves_of(normalise_cosine(SKETCHED))
    assert cosines is not None
    found_cosines = [half.blocks[0, 0, 0, 1] for half in cosines]
    assert found_cosines == pytest.approx([1 / 2, 1 / 4])
    moved = halves_of(relabel(SKETCHED, np.zeros(2), np.ones(2)))
    assert moved is not None
    assert [half.residual.tolist() for half in moved] == [[[[1.0], [1.0]]]] * 2
