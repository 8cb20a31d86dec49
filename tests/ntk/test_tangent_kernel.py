"""What a kernel says of itself follows from the shape of its blocks."""

import dataclasses

import numpy as np
import pytest

from davinz_jax.ntk import TangentKernel


@pytest.mark.parametrize(("num_draws", "num_blocks"), [(1, 1), (3, 2)])
def test_counts_are_those_of_the_blocks(num_draws, num_blocks):
    kernel = TangentKernel(
        blocks=np.zeros((num_draws, num_blocks, 4, 4)),
        rows=np.zeros((num_blocks, 4), np.int64),
        residual=np.zeros((num_draws, 4 * num_blocks, 1)),
        output="label",
        engine="layerwise",
        parameters="weights",
    )
    assert (kernel.num_initialisations, kernel.num_blocks) == (num_draws, num_blocks)
    assert kernel.validation_kernel is None
    with pytest.raises(dataclasses.FrozenInstanceError):
        kernel.output = "trace"
