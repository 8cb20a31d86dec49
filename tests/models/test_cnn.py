"""The small convolutional network, by hand."""

import jax
import jax.numpy as jnp
import numpy as np

from davinz_jax.models import CNN


def test_convolution_relu_pool_and_linear_layer_by_hand():
    """1×1 kernels 1 and -1 on (1, 2; 3, -4): relu, then the largest, gives 3 and 4; out 3 - 2·4."""
    variables = {
        "params": {
            "conv1.0": {"kernel": jnp.array([1.0, -1.0]).reshape(1, 1, 1, 2)},
            "out": {"kernel": jnp.array([[1.0], [-2.0]])},
        }
    }
    image = jnp.array([[1.0, 2.0], [3.0, -4.0]])[None, :, :, None]
    found = CNN((2,), kernel_size=1, num_outputs=1).apply(variables, image)
    np.testing.assert_array_equal(found, [[-5.0]])


def test_padding_keeps_the_size_before_each_pool():
    """28 → 14 → 7 pixels a side and 32 channels: 1,568 numbers to the linear layer."""
    shapes = jax.eval_shape(CNN().init, jax.random.key(0), jnp.zeros((1, 28, 28, 1)))
    assert shapes["params"]["out"]["kernel"].shape == (7 * 7 * 32, 10)
