"""Layers that the architectures share, by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn

from davinz_jax.models.layers import as_images, conv, dense, flatten, freeze, max_pool


def test_largest_of_each_window_and_odd_rests_dropped():
    """3×5 pixels 0..14: windows (0, 1; 5, 6) and (2, 3; 7, 8)."""
    images = jnp.arange(15.0).reshape(1, 3, 5, 1)
    np.testing.assert_array_equal(max_pool(images)[0, :, :, 0], [[6.0, 8.0]])


def test_pooling_and_its_derivatives_are_those_of_a_window(key):
    """Whole numbers from 0 to 2, so that most windows have equals; 5×7 pixels have odd rests."""
    images = jax.random.randint(key, (2, 5, 7, 3), 0, 3).astype(jnp.float32)

    def twin(images):
        return nn.max_pool(images, (2, 2), strides=(2, 2))

    wanted, back = jax.vjp(twin, images)
    found, own = jax.vjp(max_pool, images)
    np.testing.assert_array_equal(found, wanted)
    np.testing.assert_array_equal(own(1 + wanted)[0], back(1 + wanted)[0])
    tangents = jax.random.normal(key, images.shape)
    for one, other in zip(*(jax.jvp(f, (images,), (tangents,)) for f in (twin, max_pool)),
                          strict=True):  # fmt: skip
        np.testing.assert_array_equal(one, other)


def test_images_are_flattened_channel_first():
    """Channels (0, 2, 4, 6) and (1, 3, 5, 7)."""
    images = jnp.arange(8.0).reshape(1, 2, 2, 2)
    np.testing.assert_array_equal(flatten(images), [[0, 2, 4, 6, 1, 3, 5, 7]])
    np.testing.assert_array_equal(flatten(jnp.ones((2, 3))), np.ones((2, 3)))


@pytest.mark.parametrize(("size", "stride", "side"), [(1, 1, 6), (3, 1, 6), (5, 1, 6), (3, 2, 3)])
def test_convolution_keeps_the_size_that_its_stride_leaves(size, stride, side, key):
    images = jnp.ones((2, 6, 6, 3))
    layer = conv(4, size, stride=stride, name="c")
    found, variables = layer.init_with_output(key, images)
    assert found.shape == (2, side, side, 4)
    assert set(variables["params"]) == {"kernel"}


def test_linear_layer_has_no_bias(key):
    variables = dense(3, name="d").init(key, jnp.ones((1, 2)))
    assert jax.tree.map(jnp.shape, variables) == {"params": {"kernel": (2, 3)}}


def test_images_without_channels_get_one():
    assert as_images(np.ones((2, 3, 4)), model="M").shape == (2, 3, 4, 1)
    with pytest.raises(ValueError, match="inputs: wanted images .* of 4×4 for M"):
        as_images(np.ones((2, 3, 4)), model="M", exactly=4)


def test_nested_lists_become_tuples():
    assert freeze([[1, 2], [3]]) == ((1, 2), (3,))
    assert freeze("ab") == "ab"
    assert freeze(7) == 7
