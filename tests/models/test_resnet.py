"""Residual networks: shortcuts, strides and the fixed form of BatchNorm."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from davinz_jax import models
from davinz_jax.models import ResNet, initialise
from davinz_jax.models.resnet import BasicBlock


def test_a_block_of_zero_kernels_is_its_shortcut(key):
    """relu(0 + x): without a change of shape the shortcut is the identity."""
    inputs = jax.random.normal(key, (2, 4, 4, 3))
    variables = jax.tree.map(jnp.zeros_like, initialise(BasicBlock(3), key, inputs))
    variables["batch_stats"] = jax.tree.map(jnp.ones_like, variables["batch_stats"])
    found = BasicBlock(3).apply(variables, inputs)
    np.testing.assert_array_equal(found, jnp.maximum(inputs, 0))


@pytest.mark.parametrize(
    ("channels", "stride", "has_shortcut"), [(3, 1, False), (5, 1, True), (3, 2, True)]
)
def test_shortcut_has_a_convolution_where_the_shape_changes(channels, stride, has_shortcut):
    shapes = jax.eval_shape(
        BasicBlock(channels, stride).init, jax.random.key(0), jnp.zeros((1, 4, 4, 3))
    )
    assert ("shortcut.0" in shapes["params"]) == has_shortcut


@pytest.mark.parametrize(
    ("module", "blocks"),
    [
        (models.resnet18(), (2, 2, 2, 2)),
        (models.resnet21(), (2, 3, 3, 3)),
        (models.resnet34(), (3, 4, 6, 3)),
    ],
)
def test_stages(module, blocks):
    assert module.blocks == blocks


def test_every_stage_but_the_first_halves_the_image():
    """16 → 8 → 4 pixels a side, averaged to one: the last stage's channels to the linear layer."""
    module = ResNet((1, 1, 1), (2, 3, 4), 5)
    shapes = jax.eval_shape(module.init, jax.random.key(0), jnp.zeros((1, 16, 16, 1)))
    assert shapes["params"]["linear"]["kernel"].shape == (4, 5)
