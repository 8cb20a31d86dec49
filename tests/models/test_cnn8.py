"""The deeper convolutional network: what lies between its layers."""

import jax
import jax.numpy as jnp
import numpy as np

from davinz_jax.models import CNN8, initialise

MODULE = CNN8(2, (3, 2), kernel_size=3, hidden=4)


def test_no_relu_between_the_two_linear_layers(key):
    """Turning the sign of either turns the output's; a ReLU between would not let that be."""
    images = jax.random.normal(key, (5, 8, 8, 1))
    variables = initialise(MODULE, key, images)
    plain = MODULE.apply(variables, images)
    assert np.abs(plain).max() > 0
    for name in ("out", "out2"):
        params = variables["params"]
        turned = {**params, name: {"kernel": -params[name]["kernel"]}}
        np.testing.assert_allclose(MODULE.apply({"params": turned}, images), -plain, rtol=1e-5)


def test_two_pools_whatever_the_depth():
    """8 → 4 after the stem, → 2 after the last convolution: 2·2·2 numbers to the linear layer."""
    params = jax.eval_shape(MODULE.init, jax.random.key(0), jnp.zeros((1, 8, 8, 1)))["params"]
    assert params["out"]["kernel"].shape == (2 * 2 * 2, 4)
    assert params["out2"]["kernel"].shape == (4, 1)
    assert set(params) == {"conv1.0", "conv2.0", "conv2.2", "out", "out2"}
