"""Features of rows are their gradients, whatever the chunk and the form."""

from dataclasses import replace

import flax.linen as nn
import jax
import numpy as np
import pytest

from davinz_jax.ntk.engines.layerwise.gradients import represent_rows
from davinz_jax.ntk.engines.layerwise.survey import survey_network
from davinz_jax.ntk.outputs import Network

X = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
LOGITS = np.array([[0, 2], [1, 1], [2, 0], [0, 1], [2, 2]], np.int32)


class Two(nn.Module):
    """A covered layer, and a scale that goes by Jacobian."""

    @nn.compact
    def __call__(self, x):
        scale = self.param("scale", nn.initializers.ones, (4,))
        return nn.Dense(3, use_bias=False)(nn.tanh(x * scale[None]))


MODULE = Two()
NETWORK = Network(MODULE.apply, "trace", "all")


@pytest.fixture(scope="module")
def variables():
    return MODULE.init(jax.random.key(0), X)


@pytest.fixture(scope="module")
def survey(variables):
    return survey_network(NETWORK, variables, X, block_size=5).with_forms(
        block_size=5, logits_per_pass=2
    )


@pytest.fixture(scope="module")
def gradients(variables):
    """Of every row the gradients of its two logits: (row, logit, parameter), kernel first."""
    jacobian = jax.jacobian(MODULE.apply)(variables, X)["params"]
    kernel = np.reshape(jacobian["Dense_0"]["kernel"], (5, 3, -1))
    every = np.concatenate([kernel, np.asarray(jacobian["scale"])], axis=-1)
    return every[np.arange(5)[:, None], LOGITS]


def represent(survey, variables, chunk=5):
    return represent_rows(NETWORK, survey, variables, X, LOGITS, chunk=chunk)


@pytest.mark.parametrize("chunk", [1, 2, 3, 5, 9])
def test_gradients_of_any_chunk_are_the_jacobians_rows(chunk, survey, variables, gradients):
    """Both logits' gradients of the layer, then those of the scale."""
    assert survey.remaining == ("['params']['scale']",)
    found = represent(replace(survey, forms=("gradient",)), variables, chunk).gradients
    wanted = np.concatenate(
        [gradients[:, :, :12].reshape(5, -1), gradients[:, :, 12:].reshape(5, -1)], axis=1
    )
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)


def test_factors_multiply_to_the_gradient(survey, variables, gradients):
    """Layer in factors: its gradient is the input times the signal of each logit."""
    found = represent(replace(survey, forms=("pixels",)), variables, chunk=2)
    inputs, signals = np.asarray(found.inputs[0]), np.asarray(found.signals[0])
    signals = signals.reshape(5, 2, 3)
    outer = np.einsum("na,nlo->nlao", inputs.reshape(5, 4), signals).reshape(5, 2, 12)
    np.testing.assert_allclose(outer, gradients[:, :, :12], rtol=1e-5, atol=1e-6)
    assert found.gradients.shape == (5, 2 * 4)


def test_nothing_but_factors_leaves_no_gradient(variables, survey):
    network = Network(MODULE.apply, "trace", "weights")
    plain = survey_network(network, variables, X, block_size=5)
    found = represent_rows(
        network, replace(plain, forms=("patches",)), variables, X, LOGITS[:, :1], chunk=2
    )
    assert found.gradients.shape == (5, 0)
    assert found.gradients.dtype == np.float32


def test_features_are_cached_in_the_precision_of_the_survey(survey, variables):
    half = represent(replace(survey, precision="bfloat16"), variables, chunk=2)
    full = represent(survey, variables, chunk=2)
    for leaf, wanted in zip(jax.tree.leaves(half), jax.tree.leaves(full), strict=True):
        assert leaf.dtype == "bfloat16"
        np.testing.assert_allclose(np.float32(leaf), wanted, rtol=2**-8)
