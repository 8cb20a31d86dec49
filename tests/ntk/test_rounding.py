"""What float32 does to a kernel, found on a few rows, is what it does to all."""

from dataclasses import replace

import jax
import numpy as np
import pytest

from davinz_jax.data.dataset import Dataset, Validation
from davinz_jax.models import MLP, apply_function, initialise
from davinz_jax.ntk import LayerwiseEngine, tangent_kernel

pytestmark = pytest.mark.usefixtures("quick_compilation")


@pytest.fixture(scope="module")
def network():
    """A small network in two draws, and 40 rows in two blocks."""
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(40, 6)).astype(np.float32)
    data = Dataset(inputs, rng.integers(0, 3, 40), "classification", 3, Validation(inputs[:2]))
    module = MLP((16, 8), num_outputs=3)
    drawn = [initialise(module, jax.random.key(draw), inputs) for draw in range(2)]
    return apply_function(module), drawn, data


@pytest.mark.parametrize("engine", ["layerwise", "neural_tangents"])
def test_a_few_rows_tell_of_all(network, engine):
    """Within a third of the root mean square over every entry; the float64 kernel has none."""
    apply, drawn, data = network
    settings = {"engine": engine, "num_blocks": 2, "shuffle": False}
    kernel = tangent_kernel(apply, drawn, data, **settings)
    wide_data = data.map_inputs(lambda rows: rows.astype(np.float64))
    with jax.enable_x64(True):
        wide = tangent_kernel(apply, drawn, wide_data, **settings)
    assert wide.rounding is None
    root = np.sqrt(np.diagonal(wide.blocks, axis1=-2, axis2=-1))
    relative = (kernel.blocks - wide.blocks) / root[..., None] / root[..., None, :]
    true = np.sqrt(np.mean(relative**2))
    assert kernel.rounding == pytest.approx(true, rel=0.35)
    assert 1e-8 < true < 1e-6


def test_what_is_rounded_on_purpose_is_not_measured(network):
    apply, drawn, data = network
    half = tangent_kernel(apply, drawn[:1], data, engine=LayerwiseEngine(precision="bfloat16"))
    assert half.rounding is None
    assert replace(half, measure_rounding=None).rounding is None
