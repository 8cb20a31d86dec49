"""Geometry of layers, and that their products are those of gradients."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from davinz_jax.ntk.engines.layerwise.layer import (
    Layer,
    joined_signals,
    patch_products,
    patches,
    pixel_products,
    row_gradient,
)
from davinz_jax.ntk.engines.layerwise.leaves import find_layers
from davinz_jax.ntk.engines.layerwise.program import trace_program
from davinz_jax.ntk.parameters import split_variables

CONVOLUTIONS = {
    "plain": (nn.Conv(3, (3, 3)), (5, 4, 2)),
    "strides": (nn.Conv(4, (3, 2), (2, 1), ((1, 1), (0, 1))), (5, 4, 2)),
    "dilation": (nn.Conv(2, (2, 2), padding="VALID", kernel_dilation=2), (6, 5, 3)),
    "groups": (nn.Conv(4, (3, 3), feature_group_count=2), (4, 4, 6)),
    "one axis": (nn.Conv(3, (3,), 2), (7, 2)),
}


def layer_of(module, shape):
    """The layer of a convolution of one row of a shape, with its variables."""
    row = jax.random.normal(jax.random.key(1), (1, *shape))
    variables = module.init(jax.random.key(0), row)
    chosen, rest = split_variables(variables, parameters="weights")
    (layer,), _ = find_layers(trace_program(module.apply, chosen, rest, row), chosen)
    return layer, variables, row


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_geometry_of_a_convolution(name):
    module, shape = CONVOLUTIONS[name]
    layer, variables, row = layer_of(module, shape)
    kernel = variables["params"]["kernel"]
    assert layer.num_parameters == kernel.size
    assert (layer.space_in, layer.channels_in) == (shape[:-1], shape[-1])
    assert layer.space_out == module.apply(variables, row).shape[1:-1]
    assert layer.window_size == np.prod(kernel.shape[:-2])


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_row_gradient_is_the_gradient(name):
    """With signals b at the output, the gradient of ⟨b, layer(x)⟩."""
    module, shape = CONVOLUTIONS[name]
    layer, variables, row = layer_of(module, shape)
    b = jax.random.normal(jax.random.key(2), (1, *layer.space_out, layer.channels_out))
    wanted = jax.grad(lambda v: jnp.vdot(b, module.apply(v, row)))(variables)["params"]
    found = row_gradient(layer, row[0], b)
    kernel = np.reshape(wanted["kernel"], (-1, layer.groups, layer.channels_out // layer.groups))
    per_group = layer.channels_in // layer.groups * layer.window_size
    own = np.moveaxis(found.reshape(layer.groups, per_group, -1), 0, 1)
    np.testing.assert_allclose(own, kernel, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_products_by_pixels_are_those_by_patches(name):
    module, shape = CONVOLUTIONS[name]
    layer, _, _ = layer_of(module, shape)
    left, right = (
        jax.random.normal(jax.random.key(seed), (n, *shape)) for seed, n in ((3, 2), (4, 3))
    )
    by_patches = patch_products(layer, patches(layer, left), patches(layer, right))
    np.testing.assert_allclose(pixel_products(layer, left, right), by_patches, rtol=1e-4, atol=1e-4)


def test_patches_of_a_row_of_three_by_hand():
    """Window 3 with one zero before and after: (0, a, b), (a, b, c), (b, c, 0)."""
    layer = Layer("c", (3,), (3,), 1, 1, (3,), (1,), ((1, 1),), (1,), 1)
    found = patches(layer, jnp.array([[1.0, 2.0, 3.0]]))
    np.testing.assert_array_equal(found[0, :, 0], [[0, 1, 2], [1, 2, 3], [2, 3, 0]])


def test_dense_is_a_window_of_one_position():
    """4 rows of a sequence are 4 positions; the gradient is Σ_t x_t b_tᵀ."""
    inputs, b = np.arange(12.0).reshape(4, 3), np.arange(8.0).reshape(4, 2)
    layer, _, _ = layer_of(nn.Dense(2), (4, 3))
    assert (layer.positions, layer.window_size, layer.num_parameters) == (4, 1, 6)
    np.testing.assert_allclose(row_gradient(layer, inputs, b[None]).reshape(3, 2), inputs.T @ b)


def test_logits_become_channels_of_their_position():
    """2 rows, 3 logits, 4 positions of 2 groups of 1 channel: 6 channels, a group's together."""
    layer = Layer("c", (4,), (4,), 2, 2, (1,), (1,), ((0, 0),), (1,), 2)
    signals = np.random.default_rng(0).normal(size=(2, 3, 4, 2))
    found = np.asarray(joined_signals(layer, signals))
    np.testing.assert_allclose(
        found[1, 2], np.concatenate([signals[1, :, 2, 0], signals[1, :, 2, 1]])
    )


def test_padding_by_name_is_xlas():
    layer, _, _ = layer_of(nn.Conv(2, (4,), 2, "SAME"), (7, 1))
    assert layer.padding == tuple(lax.padtype_to_pads((7,), (4,), (2,), "SAME"))
