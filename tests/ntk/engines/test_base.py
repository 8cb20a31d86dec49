"""The seam: both engines have it, and one made by hand is enough for a kernel."""

from dataclasses import dataclass

import jax
import numpy as np
import pytest

from davinz_jax.ntk import Engine, LayerwiseEngine, NeuralTangentsEngine, empirical_ntk
from davinz_jax.ntk.engines.base import ComputeCost, MemoryCost


@dataclass(frozen=True)
class LinearEngine:
    """Kernel x·x' of a scalar linear model, in two passes of half of it each."""

    name: str = "linear"
    tile_rows: int = 512

    def fit(self, network, variables, inputs, *, block_size):
        return self

    def with_logits(self, logits_per_pass, *, block_size):
        return self

    def alternatives(self, *, block_size):
        return (self,)

    def num_passes(self, num_logits, network):
        return 2

    def represent(self, network, variables, rows, index):
        return rows.inputs / np.sqrt(2)

    def contract(self, network, variables, features, other):
        return features @ (features if other is None else other).T

    def verify(self, network, variables, rows, *, batch_size):
        return None

    def memory_cost(self, network, variables, inputs):
        return MemoryCost(fixed=0, row=1, cached=1)

    def compute_cost(self, network, variables, inputs):
        return ComputeCost(tile_row=0.0, feature_row=1.0, pair=1.0, output_row=1.0)


@pytest.mark.parametrize("engine", [LayerwiseEngine(), NeuralTangentsEngine(), LinearEngine()])
def test_is_an_engine(engine):
    assert isinstance(engine, Engine)
    assert not isinstance(engine.name, Engine)


@pytest.mark.parametrize("batch_size", [2, 5])
def test_an_engine_of_ones_own(batch_size, key):
    """Passes add up, tile by tile."""
    x = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    variables = {"params": {"kernel": jax.random.normal(key, (3, 1))}}
    found = empirical_ntk(
        lambda v, inputs: inputs @ v["params"]["kernel"],
        variables, x, output="scalar", engine=LinearEngine(), batch_size=batch_size,
    )  # fmt: skip
    np.testing.assert_allclose(found, x @ x.T, rtol=1e-5, atol=1e-6)
