"""The networks: shapes, bias-free layers, BatchNorm's two forms, refusals, NumPy twins."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax.traverse_util import flatten_dict

from davinz_jax import models
from davinz_jax.models import CNN, CNN8, MLP, VGG, ResNet, apply_function, initialise


def kernels(module, inputs):
    shapes = jax.eval_shape(module.init, jax.random.key(0), inputs)
    return [leaf.shape for path, leaf in flatten_dict(shapes).items() if path[-1] == "kernel"]


@pytest.mark.parametrize(
    ("module", "shape", "count", "outputs"),
    [
        (MLP(), (8, 8), 10, 1),
        (CNN(), (28, 28, 1), 3, 10),
        (CNN8(), (8, 8), 8, 1),
        (models.vgg11(), (32, 32, 3), 9, 10),
        (models.vgg13(num_outputs=5), (32, 32, 1), 11, 5),
        (models.vgg16(), (32, 32, 3), 14, 10),
        (models.resnet18(), (28, 28, 1), 21, 10),
        (models.resnet21(), (32, 32, 3), 27, 10),
        (models.resnet34(), (28, 28, 3), 37, 10),
    ],
)
def test_layers_counted_by_hand(module, shape, count, outputs):
    """Convolutions and linear layers by the table of the paper's protocols.

    ResNet18: stem, 2·8 in blocks, 3 shortcuts, 1 linear = 21; ResNet21: 1 + 2·11 + 3 + 1 = 27.
    """
    inputs = jnp.zeros((2, *shape))
    assert len(kernels(module, inputs)) == count
    answer = jax.eval_shape(lambda x: module.init_with_output(jax.random.key(0), x)[0], inputs)
    assert answer.shape == (2, outputs)


def test_no_layer_has_a_bias():
    shapes = jax.eval_shape(models.resnet18().init, jax.random.key(0), jnp.zeros((1, 28, 28, 1)))
    biased = {path[-2] for path in flatten_dict(shapes["params"]) if path[-1] == "bias"}
    assert biased == {"bn1", "bn2", "shortcut.1"}


def test_equals_numpy_twin(twin):
    module, forward, variables, inputs = twin
    with jax.enable_x64(True):
        answer = jax.jit(apply_function(module))(variables, inputs)
    assert answer.dtype == jnp.float64
    weights = {}
    for path, leaf in flatten_dict(variables).items():
        order = (*range(leaf.ndim)[:-3:-1], *range(leaf.ndim - 2)) if leaf.ndim > 1 else (0,)
        weights[models.torch_weights.torch_name(path)] = np.transpose(leaf, order)
    np.testing.assert_allclose(answer, forward(weights, np.moveaxis(inputs, -1, 1)), rtol=1e-9)


def test_compiled_answer_is_the_same(key):
    inputs = jax.random.normal(key, (2, 8, 8, 1))
    apply = apply_function(CNN((2,)))
    variables = initialise(CNN((2,)), key, inputs)
    np.testing.assert_allclose(
        jax.jit(apply)(variables, inputs), apply(variables, inputs), rtol=1e-5
    )


@pytest.mark.parametrize("module", [MLP((5,)), CNN((3,)), CNN8(2, (3,))])
def test_images_without_channel_axis(module, key):
    inputs = jax.random.normal(key, (3, 8, 8))
    variables = initialise(module, key, inputs)
    apply = apply_function(module)
    np.testing.assert_array_equal(apply(variables, inputs), apply(variables, inputs[..., None]))


class TestBatchNorm:
    module = ResNet((1, 1), (3, 4))

    def test_fixed_form_is_nearly_the_identity(self, key):
        """At initialisation each of n norms in a row multiplies by 1/sqrt(1 + 1e-5)."""
        inputs = jax.random.normal(key, (4, 8, 8, 2))
        variables = initialise(self.module, key, inputs)
        plain = jax.tree.map(lambda v: v, variables["batch_stats"])
        plain = jax.tree.map(lambda v: jnp.where(v == 1, 1 - 1e-5, v), plain)  # var + eps = 1
        apply = apply_function(self.module)
        difference = apply(variables, inputs) / apply({**variables, "batch_stats": plain}, inputs)
        np.testing.assert_allclose(difference, 1, atol=1e-4)
        assert np.abs(difference - 1).max() > 0

    def test_trained_form_moves_the_running_statistics(self, key):
        """New mean = 0.9·old + 0.1·batch mean, on the first norm, whose inputs we can compute."""
        inputs = jax.random.normal(key, (4, 8, 8, 2))
        variables = initialise(self.module, key, inputs)
        _, moved = self.module.apply(variables, inputs, train=True, mutable=["batch_stats"])
        stem = models.layers.conv(3, 3, name="conv1")
        hidden = stem.apply({"params": variables["params"]["conv1"]}, inputs)
        moments = moved["batch_stats"]["bn1"]
        np.testing.assert_allclose(moments["mean"], 0.1 * hidden.mean((0, 1, 2)), atol=1e-6)
        np.testing.assert_allclose(moments["var"], 0.9 + 0.1 * hidden.var((0, 1, 2)), atol=1e-5)


@pytest.mark.parametrize(
    ("module", "shape", "wanted"),
    [
        (models.vgg11(), (2, 28, 28, 1), "of 32×32 for VGG"),
        (models.resnet18(), (2, 24, 24, 3), "at least 25×25 for ResNet"),
        (CNN(), (2, 64), "images .* for CNN"),
        (CNN(), (2, 3, 8, 1), "at least 4×4 for CNN"),
        (CNN8(), (2, 3, 3), "at least 4×4 for CNN8"),
    ],
)
def test_wrong_inputs_are_refused(module, shape, wanted, key):
    with pytest.raises(ValueError, match=f"inputs: wanted .*({wanted}).* got .*; "):
        initialise(module, key, np.zeros(shape, np.float32))


def test_smallest_residual_network_input_leaves_a_pixel():
    shapes = jax.eval_shape(models.resnet18().init, jax.random.key(0), jnp.zeros((1, 25, 25, 1)))
    assert shapes["params"]["linear"]["kernel"].shape == (512, 10)


def test_lists_of_a_configuration_serve_as_tuples():
    assert VGG([[2], [3]], 4) == VGG(((2,), (3,)), 4)
    assert hash(MLP([3, 4])) == hash(MLP((3, 4)))
