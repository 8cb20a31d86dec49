"""Features: the inputs of the last linear layer."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn

from davinz_jax.models import CNN, MLP, ResNet, apply_function, features, initialise


class Users(nn.Module):
    """A user's module with layers made in `setup`."""

    def setup(self):
        self.first, self.last = nn.Dense(6), nn.Dense(2)

    def __call__(self, inputs):
        return self.last(jnp.tanh(self.first(inputs)))


@pytest.mark.parametrize(
    ("module", "shape", "last"),
    [
        (MLP((4, 3)), (5,), "out"),
        (CNN(), (8, 8, 1), "out"),
        (ResNet((1,), (3,)), (4, 4, 2), "linear"),
    ],
)
def test_last_layer_of_features_gives_the_outputs(module, shape, last, key):
    inputs = jax.random.normal(key, (5, *shape))
    variables = initialise(module, key, inputs)
    seen = features(module, variables, inputs)
    outputs = apply_function(module)(variables, inputs)
    np.testing.assert_allclose(seen @ variables["params"][last]["kernel"], outputs, rtol=2e-5)


def test_user_module_by_hand(key):
    inputs = jax.random.normal(key, (3, 4))
    variables = initialise(Users(), key, inputs)
    first = variables["params"]["first"]
    wanted = jnp.tanh(jnp.einsum("nd,dk->nk", inputs, first["kernel"]) + first["bias"][None])
    np.testing.assert_allclose(features(Users(), variables, inputs), wanted, rtol=2e-5)


def test_batches_change_nothing(key):
    inputs = jax.random.normal(key, (7, 5))
    variables = initialise(MLP((4, 3)), key, inputs)
    apply = apply_function(MLP((4, 3)))
    np.testing.assert_allclose(
        features(apply, variables, inputs, batch_size=3),
        features(apply, variables, inputs),
        rtol=1e-5,
        atol=1e-6,
    )


def test_network_without_linear_layer_is_refused(key):
    module = nn.Conv(2, (3,))
    inputs = jnp.ones((2, 6, 1))
    with pytest.raises(ValueError, match="model: wanted a network with a linear layer"):
        features(module, initialise(module, key, inputs), inputs)


class Checkpointed(nn.Module):
    """Its last linear layer is called within a checkpoint of JAX's own."""

    @nn.compact
    def __call__(self, x):
        last = nn.Dense(2)
        return last(x) if self.is_initializing() else jax.checkpoint(lambda v: last(v))(x)


def test_last_layer_within_a_checkpoint_is_refused(key):
    x = np.ones((2, 3), np.float32)
    with pytest.raises(ValueError, match="wanted the last linear layer outside of plain"):
        features(Checkpointed(), Checkpointed().init(key, x), x)
