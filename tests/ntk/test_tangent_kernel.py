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


@pytest.mark.parametrize(
    ("output", "residual"), [("label", [[1.0], [1.0]]), ("first", [[0.0, 1.0], [1.0, 0.0]])]
)
def test_without_outputs_the_residual_is_the_targets_alone(output, residual):
    """Classes 1 and 0: 1 for the own logit, else one-hot."""
    kernel = TangentKernel(
        blocks=np.eye(2)[None, None],
        rows=np.arange(2)[None],
        residual=np.full((1, 2, len(residual[0])), 0.25),
        output=output,
        engine="layerwise",
        parameters="weights",
        validation_outputs=np.full((1, 3, len(residual[0])), 0.5),
    )
    found = kernel.without_outputs(np.array([1, 0]))
    np.testing.assert_array_equal(found.residual, [residual])
    assert not found.validation_outputs.any()
    assert found.describe()["initial_outputs"] == "left out"
    assert "initial_outputs" not in kernel.describe()
