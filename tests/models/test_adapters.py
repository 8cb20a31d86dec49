"""Networks of NNX and Equinox are Linen modules whose outputs and parameters are their own."""

from functools import partial

import jax
import numpy as np
import pytest
from flax import nnx

from davinz_jax.models import apply_function, as_linen, initialise
from davinz_jax.models.adapters import drawn_with, signature_of
from davinz_jax.ntk import survey

ROWS = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)


class Normed(nnx.Module):
    """With BatchNorm and Dropout, which do otherwise in training."""

    def __init__(self, width=3, *, rngs):
        self.first = nnx.Linear(4, width, rngs=rngs)
        self.norm = nnx.BatchNorm(width, rngs=rngs)
        self.drop = nnx.Dropout(0.5, rngs=rngs)
        self.last = nnx.Linear(width, 2, rngs=rngs)

    def __call__(self, inputs):
        return self.last(self.drop(nnx.relu(self.norm(self.first(inputs)))))


class Plain(nnx.Module):
    """Draws nothing."""

    def __init__(self, width):
        self.kernel = nnx.Param(np.ones((4, width), np.float32))

    def __call__(self, inputs):
        return inputs @ self.kernel[...]


def shapes(variables):
    return jax.tree.map(np.shape, variables)


def test_a_class_of_nnx_is_drawn_by_each_key(key):
    module = as_linen(partial(Normed, width=6))
    first, again, other = (initialise(module, each, ROWS) for each in (key, key, jax.random.key(9)))
    assert shapes(first)["params"]["network"]["first"] == {"bias": (6,), "kernel": (4, 6)}
    assert shapes(first)["batch_stats"]["network"]["norm"] == {"mean": (6,), "var": (6,)}
    kernels = [each["params"]["network"]["first"]["kernel"] for each in (first, again, other)]
    np.testing.assert_array_equal(kernels[0], kernels[1])
    assert np.abs(kernels[0] - kernels[2]).min() > 0


def test_normalisation_and_dropout_are_fixed_but_in_training(key):
    module = as_linen(Normed)
    variables = initialise(module, key, ROWS)
    few = module.apply(variables, ROWS[:1])
    np.testing.assert_allclose(module.apply(variables, ROWS)[:1], few, rtol=1e-5)
    settings = {"train": True, "mutable": ["batch_stats"], "rngs": {"dropout": key}}
    trained, moved = module.apply(variables, ROWS, **settings)
    assert np.abs(trained - module.apply(variables, ROWS)).max() > 1e-3
    means = moved["batch_stats"]["network"]["norm"]["mean"]
    assert np.abs(means - variables["batch_stats"]["network"]["norm"]["mean"]).max() > 0


def test_equal_settings_are_one_function(key):
    assert apply_function(as_linen(partial(Normed, width=6))) is apply_function(
        as_linen(partial(Normed, width=6))
    )


def test_an_instance_keeps_its_weights_whatever_the_key(key):
    model = Normed(rngs=nnx.Rngs(3))
    model.eval()
    module = as_linen(model)
    found = module.apply(initialise(module, key, ROWS), ROWS)
    np.testing.assert_allclose(found, model(ROWS), rtol=1e-6)
    plain = as_linen(partial(Plain, 2))
    np.testing.assert_allclose(
        plain.apply(initialise(plain, key, ROWS), ROWS), ROWS @ np.ones((4, 2)), rtol=1e-5
    )


def test_equinox_by_class_and_instance(key):
    equinox = pytest.importorskip("equinox")
    make = partial(equinox.nn.MLP, 4, 2, 3, 1)
    module, model = as_linen(make), make(key=jax.random.key(5))
    variables = initialise(module, key, ROWS)
    layers = shapes(variables)["params"]["network"]["layers"]
    assert layers == {"0": {"bias": (3,), "weight": (3, 4)}, "1": {"bias": (2,), "weight": (2, 3)}}
    other = initialise(module, jax.random.key(9), ROWS)
    assert np.abs(module.apply(variables, ROWS) - module.apply(other, ROWS)).min() > 0
    fixed = as_linen(model)
    found = fixed.apply(initialise(fixed, key, ROWS), ROWS)
    np.testing.assert_allclose(found, jax.vmap(model)(ROWS), rtol=1e-6)
    seen = survey(apply_function(module), variables, ROWS[0], parameters="weights")
    assert [entry.leaf.split("[")[-2:] for entry in seen] == [
        ["'0']", "'weight']"], ["'1']", "'weight']"]
    ]  # fmt: skip
    assert drawn_with(equinox.nn.MLP) == "key"


def test_anything_else_is_left_alone():
    assert as_linen(3) == 3
    assert drawn_with(Plain) is None
    assert drawn_with(dict) is None
    assert list(signature_of(Normed).parameters) == ["width", "rngs"]
    assert drawn_with(Normed) == "rngs"
