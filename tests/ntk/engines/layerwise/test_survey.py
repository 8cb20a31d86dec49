"""Any model is exact: what is covered, and what goes by Jacobian."""

from dataclasses import replace

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax.linen.dtypes import promote_dtype
from jax import lax

from davinz_jax.ntk import LayerwiseEngine, empirical_ntk
from davinz_jax.ntk.engines.choice import find_engine
from davinz_jax.ntk.engines.layerwise.layer import Layer
from davinz_jax.ntk.engines.layerwise.survey import cheapest_form, survey_network
from davinz_jax.ntk.outputs import Network, Rows
from tests import reference


class Convolutions(nn.Module):
    """Strides, dilation, groups, paddings, biases."""

    @nn.compact
    def __call__(self, x):
        x = nn.Conv(8, (3, 2), (2, 1), ((2, 1), (0, 1)), kernel_dilation=(1, 2))(x)
        x = nn.Conv(12, (3, 3), 2, "SAME", feature_group_count=4)(nn.relu(x))
        x = nn.Conv(6, (2, 2), padding="CIRCULAR")(nn.tanh(x))
        return nn.Dense(3)(nn.GroupNorm(3)(x).reshape(len(x), -1))


class Attention(nn.Module):
    """Embedded tokens, LayerNorm, attention, a Dense over positions."""

    @nn.compact
    def __call__(self, x):
        x = nn.Embed(5, 6)(x)
        x = x + nn.MultiHeadDotProductAttention(2)(nn.LayerNorm()(x))
        x = nn.Dense(7)(nn.gelu(x))
        return nn.Dense(3)(x.mean(axis=1))


class Shared(nn.Module):
    """A Dense called twice, and the kernel of another read beside its call."""

    @nn.compact
    def __call__(self, x):
        twice, read = nn.Dense(4), nn.Dense(4)
        x = twice(nn.relu(twice(x)))
        y = read(x)
        return nn.Dense(3)(nn.relu(y) @ read.variables["params"]["kernel"].T)


class Swapped(nn.Module):
    """A Dense that sees rows on another axis than the first."""

    @nn.compact
    def __call__(self, x):
        x = nn.Dense(4)(jnp.swapaxes(x.reshape(len(x), 2, -1), 0, 1))
        return nn.Dense(3)(nn.relu(x).sum(axis=0))


class Lifted(nn.Module):
    """Layers within a scan, a checkpoint and a map."""

    @nn.compact
    def __call__(self, x):
        def body(cell, carry, _):
            return nn.tanh(cell(carry)), None

        scanned = nn.scan(body, variable_axes={"params": 0}, split_rngs={"params": True}, length=2)
        x, _ = scanned(nn.Dense(4), x, None)
        x = nn.remat(nn.Dense)(4)(x)
        mapped = nn.vmap(nn.Dense, variable_axes={"params": None}, split_rngs={"params": False})
        return nn.Dense(3)(nn.relu(mapped(4)(x[:, None])[:, 0]))


class Within(nn.Module):
    """A Dense called, but at initialisation, within a transformation of JAX's own."""

    transform: str

    @nn.compact
    def __call__(self, x):
        first, second = nn.Dense(4), nn.Dense(4)
        if self.is_initializing():
            return nn.Dense(3)(first(x) + second(x))
        return nn.Dense(3)(nn.tanh(TRANSFORMS[self.transform](first, second, x)))


TRANSFORMS = {
    "checkpoint": lambda first, second, x: jax.checkpoint(lambda v: second(nn.relu(first(v))))(x),
    "jit": lambda first, second, x: second(jax.jit(lambda v: nn.relu(first(v)))(x)),
    "scan": lambda first, second, x: lax.scan(
        lambda v, _: (nn.tanh(first(v)), None), second(x), None, length=3
    )[0],
    "fori_loop": lambda first, second, x: lax.fori_loop(
        0, 2, lambda _, v: nn.tanh(first(second(v))), x
    ),
    "cond": lambda first, second, x: lax.cond(
        first.variables["params"]["bias"].sum() < 1, lambda v: first(v), lambda v: second(v), x
    ),
    "map": lambda first, second, x: second(lax.map(lambda v: first(v), x)),
    "vmap": lambda first, second, x: jax.vmap(lambda v: second(first(v)))(x),
}


class Altered(nn.Module):
    """Fields that change what a layer does: a scaling promotion of dtypes, a padding that cuts."""

    @nn.compact
    def __call__(self, x):
        x = nn.Conv(3, (2, 2), padding=((1, -1), (1, -1)))(x.reshape(len(x), 2, 2, 1))
        return nn.Dense(3, promote_dtype=twice)(nn.tanh(x).reshape(len(x), -1))


def twice(*arrays, dtype=None):
    """Twice what Dense would multiply and add."""
    return [array if array is None else 2 * array for array in promote_dtype(*arrays, dtype=dtype)]


class Scaled(nn.Dense):
    """A subclass that does more with its kernel than Dense."""

    @nn.compact
    def __call__(self, inputs):
        kernel = self.param("kernel", self.kernel_init, (inputs.shape[-1], self.features))
        return inputs @ (2 * kernel)


pytestmark = pytest.mark.usefixtures("quick_compilation")
FLOATS = np.random.default_rng(0).normal(size=(4, 4)).astype(np.float32)
MODELS = {
    "convolutions": (
        Convolutions(),
        np.random.default_rng(0).normal(size=(4, 9, 9, 2)).astype(np.float32),
    ),
    "attention": (Attention(), np.random.default_rng(0).integers(0, 5, (4, 3))),
    "shared": (Shared(), FLOATS),
    "swapped": (Swapped(), FLOATS),
    "lifted": (Lifted(), FLOATS),
    "subclass": (nn.Sequential([nn.Dense(4), nn.relu, Scaled(3)]), FLOATS),
    "altered": (Altered(), FLOATS),
    **{name: (Within(name), FLOATS) for name in TRANSFORMS},
    "half": (nn.Sequential([nn.Dense(4, dtype=jnp.float16), nn.Dense(3)]), FLOATS),
}


def by_equation(apply, variables, x, y, output, parameters):
    """The equation's kernel, from whole Jacobians."""

    def counts(path, leaf):
        return parameters == "all" or (path[-1].key == "kernel" and leaf.ndim >= 2)

    return reference.tangent_kernel(apply, variables, x, y, output=output, counts=counts)


def sum_passes(engine, network, variables, rows):
    """Symmetric tile of all rows, over the passes of three logits."""
    passes = range(engine.num_passes(3, network))
    features = (engine.represent(network, variables, rows, index) for index in passes)
    return sum(engine.contract(network, variables, each, None) for each in features)


@pytest.mark.parametrize("name", list(MODELS))
def test_any_model_is_exact(name, key):
    module, x = MODELS[name]
    y = np.array([0, 2, 1, 2])
    variables = module.init(key, x)

    def apply(variables, inputs):
        return module.apply(variables, inputs)

    tolerance = 2e-3 if name == "half" else 1e-5
    choices = (("label", "weights"), ("label", "all"), ("trace", "all"))
    for output, parameters in choices[1:2] if name in TRANSFORMS else choices:
        found = empirical_ntk(
            apply, variables, x, y, output=output, parameters=parameters, engine="layerwise"
        )
        wanted = by_equation(apply, variables, x, y, output, parameters)
        scale = np.abs(wanted).max()
        np.testing.assert_allclose(found, wanted, atol=tolerance * scale, rtol=0)


@pytest.mark.parametrize(
    ("name", "covered", "by_jacobian"),
    [
        ("convolutions", 4, {"elementwise"}),
        ("attention", 7, {"elementwise"}),
        ("shared", 2, {"elementwise", "shared"}),
        ("swapped", 2, {"elementwise"}),
        ("lifted", 3, {"elementwise", "scan"}),
        ("altered", 2, {"elementwise"}),
        ("subclass", 2, {"elementwise"}),
        ("checkpoint", 3, {"elementwise"}),
        ("scan", 2, {"elementwise", "scan"}),
        ("cond", 1, {"elementwise", "cond", "reduce_sum"}),
    ],
)
def test_covers_all_products_outside_of_loops(name, covered, by_jacobian, key):
    """Also attention's projections, an embedding, and what is called twice.

    Of `shared` the kernel used as it is, and not the one that is used transposed too.
    """
    module, x = MODELS[name]
    network = Network(module.apply, "trace", "all")
    survey = survey_network(network, module.init(key, x), x, block_size=4)
    assert len(survey.layers) == covered
    assert set(survey.hindrances) == by_jacobian


@pytest.mark.parametrize("form", ["gradient", "patches", "pixels", "outer"])
def test_every_form_of_a_layer_gives_the_same_kernel(form, key):
    module, x = MODELS["convolutions"]
    variables, network = module.init(key, x), Network(module.apply, "trace", "all")
    wanted = by_equation(module.apply, variables, x, np.zeros(4, int), "trace", "all")
    engine = LayerwiseEngine().fit(network, variables, x, block_size=4)
    assert engine.survey is not None
    forced = replace(engine.survey, forms=(form,) * len(engine.survey.layers))
    rows = Rows(x, np.zeros(4, np.int32))
    found = sum_passes(replace(engine, survey=forced), network, variables, rows)
    np.testing.assert_allclose(found, wanted, atol=1e-5 * np.abs(wanted).max(), rtol=0)


def test_model_without_linen_is_read():
    variables = {"params": {"kernel": jnp.ones((4, 3))}}
    network = Network(lambda v, x: x @ v["params"]["kernel"], "trace", "weights")
    found = find_engine("auto", network, variables, FLOATS, block_size=4)
    assert found.name == "layerwise"
    rows = Rows(FLOATS, np.zeros(4, np.int32))
    kernel = sum_passes(found, network, variables, rows)
    np.testing.assert_allclose(kernel, FLOATS @ FLOATS.T, atol=1e-5)


def test_forms_follow_the_number_of_operations():
    """One position: factors (64 + 32 products, not 2,048); many positions: gradients."""
    dense = Layer("d", (1,), (1,), 64, 32, (1,), (1,), ((0, 0),), (1,), 1)
    assert cheapest_form(dense, 1000) == "patches"
    wide = ((1, 1), (1, 1))
    early = Layer("c", (28, 28), (28, 28), 8, 8, (3, 3), (1, 1), wide, (1, 1), 1)
    assert cheapest_form(early, 1000) == "gradient"
    late = Layer("c", (4, 4), (4, 4), 512, 512, (3, 3), (1, 1), wide, (1, 1), 1)
    assert cheapest_form(late, 100) == "pixels"


def test_gradients_on_sequences_are_formed_late_unless_they_are_to_be_kept():
    layer = Layer("d", (64,), (64,), 384, 384, (1,), (1,), ((0, 0),), (1,), 1)
    assert cheapest_form(layer, 400) == "outer"
    assert cheapest_form(layer, 400, is_forming=False) == "gradient"
