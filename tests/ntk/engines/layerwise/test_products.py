"""Products with a kernel, of each kind and arrangement, against whole Jacobians."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from davinz_jax.ntk.engines.layerwise.products import read_product
from davinz_jax.ntk.engines.layerwise.program import trace_program
from tests.ntk.engines.layerwise import both

pytestmark = pytest.mark.usefixtures("quick_compilation")
RNG = np.random.default_rng(0)


def convolve(kernel_shape, dims, **settings):
    """A convolution of images (6, 5, 4), in any arrangement of its axes."""

    def product(kernel, x):
        lhs = x if dims[0] == "NHWC" else x.transpose(0, 3, 1, 2)
        settings.setdefault("window_strides", (1, 1))
        return lax.conv_general_dilated(lhs, kernel, dimension_numbers=dims, **settings)

    return product, kernel_shape, (6, 5, 4)


def dots(subscripts, kernel_shape, row_shape):
    """A product by einsum."""
    return lambda kernel, x: jnp.einsum(subscripts, x, kernel), kernel_shape, row_shape


NHWC = ("NHWC", "HWIO", "NHWC")
PRODUCTS = {
    "same": convolve((3, 3, 4, 2), NHWC, padding="SAME"),
    "strides, dilation": convolve(
        (2, 3, 4, 2), NHWC, window_strides=(2, 1), rhs_dilation=(1, 2), padding=[(1, 0), (0, 2)]
    ),
    "spread": convolve((3, 2, 4, 2), NHWC, lhs_dilation=(2, 3), padding=[(2, 1), (1, 1)]),
    "cut": convolve((2, 2, 4, 2), NHWC, padding=[(-1, 0), (0, -2)]),
    "groups": convolve((3, 2, 2, 6), NHWC, padding="VALID", feature_group_count=2),
    "depthwise": convolve((2, 2, 1, 8), NHWC, padding="SAME", feature_group_count=4),
    "channels first": convolve((2, 4, 3, 3), ("NCHW", "OIHW", "NHWC"), padding="VALID"),
    "dense": dots("ntc,cd->ntd", (4, 3), (5, 4)),
    "two axes of each": dots("nthc,hcde->nted", (2, 3, 2, 2), (5, 2, 3)),
    "groups of positions": dots("ngtc,gcd->ngtd", (2, 4, 3), (2, 5, 4)),
    "contracted by position": dots("ntc,td->ncd", (5, 3), (5, 4)),
}
"""A product, the shape of its kernel, and that of a row."""


@pytest.mark.parametrize("form", ["gradient", "pixels"])
def test_all_products_are_exact(form):
    """All in one network: the sum of a combination of each one's squares, in every form."""
    rng = np.random.default_rng(1)
    kernels = {
        name: rng.normal(size=shape).astype(np.float32) / 4
        for name, (_, shape, _) in PRODUCTS.items()
    }

    def apply(variables, x):
        total = 0
        for name, (product, _, row_shape) in PRODUCTS.items():
            part = x[:, : np.prod(row_shape)].reshape(len(x), *row_shape)
            hidden = jnp.sin(product(variables["params"][name], part)).reshape(len(x), -1)
            total = total + hidden[:, :4] ** 2 + hidden.mean(axis=1, keepdims=True)
        return total[:, :2]

    x = RNG.normal(size=(3, 120)).astype(np.float32)
    network = both.Network(apply, "trace", "all")
    survey = both.survey_network(network, {"params": kernels}, x, block_size=3)
    assert [len(survey.layers), survey.remaining] == [len(PRODUCTS), ()]
    survey = survey.with_forms(block_size=3, logits_per_pass=2)
    survey = both.replace(survey, forms=(form,) * len(survey.layers))
    found = both.by_layers(network, survey, {"params": kernels}, x)
    wanted = both.by_jacobian(network, {"params": kernels}, x)
    np.testing.assert_allclose(found, wanted, atol=1e-5 * np.abs(wanted).max(), rtol=0)


@pytest.mark.parametrize("mode", ["fill", "clip", "promise_in_bounds"])
def test_lookups_do_with_indices_what_the_network_does(mode):
    """Beyond the table: nothing (the sum is over what is there), the last row, or no such index."""
    table = {"params": {"t": RNG.normal(size=(5, 3)).astype(np.float32)}}
    tokens = np.array([[0, 1, 1], [4, 4, 0], [2, 9, 1]], np.int32)
    tokens = tokens % 5 if mode == "promise_in_bounds" else tokens

    def apply(variables, x):
        looked_up = variables["params"]["t"].at[x].get(mode=mode)
        return jnp.tanh(jnp.nan_to_num(looked_up).sum(axis=1))

    for form in ("gradient", "pixels"):
        network = both.Network(apply, "trace", "all")
        survey = both.survey_network(network, table, tokens, block_size=3)
        assert survey.layers[0].table == 5
        survey = both.replace(survey.with_forms(block_size=3, logits_per_pass=3), forms=(form,))
        found = both.by_layers(network, survey, table, tokens)
        wanted = both.by_jacobian(network, table, tokens)
        np.testing.assert_allclose(found, wanted, atol=1e-5 * np.abs(wanted).max(), rtol=0)


@pytest.mark.parametrize(
    "use",
    [
        lambda t, x: t[x, x],
        lambda t, x: t[x, :2],
        lambda t, x: lax.conv_general_dilated(
            t.reshape(1, 5, 5, 1), x[:1, :4].reshape(2, 2, 1, 1).astype(t.dtype), (1, 1), "VALID",
            dimension_numbers=NHWC,
        ),
    ],
    ids=["two indices", "parts of rows", "a leaf as the image"],
)  # fmt: skip
def test_what_is_no_product_with_a_kernel_is_none(use):
    leaf = jnp.ones((5, 5))

    def apply(variables, x):
        return use(variables["params"]["t"], x).reshape(1, -1)

    chosen, rest = {"['params']['t']": leaf}, {"params": {"t": None}}
    program = trace_program(apply, chosen, rest, jax.ShapeDtypeStruct((1, 4), jnp.int32))
    steps = [step for step in program.steps if 0 in step.operands or step.name.startswith("conv_")]
    assert all(read_product(step, 0) is None for step in steps)
    assert steps
