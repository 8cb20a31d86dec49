"""The fully connected network, by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from davinz_jax.models import MLP, initialise


def test_relu_between_layers_and_none_after_the_last():
    """Row (1, -2) has relu (1, 0) and so output -1; row (-1, 2) has (0, 2) and -2."""
    variables = {
        "params": {
            "linear.0": {"kernel": jnp.eye(2)},
            "out": {"kernel": -jnp.ones((2, 1))},
        }
    }
    inputs = jnp.array([[1.0, -2.0], [-1.0, 2.0]])
    found = MLP((2,), 1).apply(variables, inputs)
    np.testing.assert_array_equal(found, [[-1.0], [-2.0]])


def test_images_are_rows(key):
    """A row of any shape is a vector; channels come first, as in PyTorch."""
    images = np.arange(2 * 3 * 4 * 2, dtype=np.float32).reshape(2, 3, 4, 2)
    module = MLP((5,), 2)
    variables = initialise(module, key, images)
    flat = np.moveaxis(images, -1, 1).reshape(2, -1)
    np.testing.assert_array_equal(module.apply(variables, images), module.apply(variables, flat))


def test_paper_widths():
    """64→128→256→256→256→128→64→32→16→10→1."""
    shapes = jax.eval_shape(MLP().init, jax.random.key(0), jnp.zeros((1, 8, 8)))["params"]
    kernels = [shapes[f"linear.{2 * layer}"]["kernel"].shape for layer in range(9)]
    kernels.append(shapes["out"]["kernel"].shape)
    widths = [64, 128, 256, 256, 256, 128, 64, 32, 16, 10, 1]
    assert kernels == list(zip(widths[:-1], widths[1:], strict=True))


def test_a_layer_without_units_is_refused():
    with pytest.raises(ValueError, match="widths: wanted at least 1 unit in each layer"):
        MLP((-1,), 1)
