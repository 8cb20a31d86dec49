"""How leaves enter a program, one way at a time; each against whole Jacobians."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from davinz_jax.ntk.engines.layerwise.leaves import find_layers, find_uses
from davinz_jax.ntk.engines.layerwise.program import trace_program
from davinz_jax.ntk.parameters import split_variables
from tests.ntk.engines.layerwise import both

pytestmark = pytest.mark.usefixtures("quick_compilation")

X = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
W = jnp.asarray(np.random.default_rng(1).normal(size=(4, 4)).astype(np.float32))
C = jnp.float32(1.5)

WAYS = {
    "as it is": (lambda w, x: x @ w, 1, None),
    "its transpose": (lambda w, x: x @ w.T, 1, None),
    "first": (lambda w, x: (w @ x.T).T, 1, None),
    "scaled": (lambda w, x: x @ (3 * w / C), 1, None),
    "plus a constant": (lambda w, x: x @ (1 + w), 1, None),
    "less a constant": (lambda w, x: x @ (w - 1), 1, None),
    "cast": (lambda w, x: x @ w.astype(jnp.float16).astype(jnp.float32), 1, None),
    "a slice": (lambda w, x: x[:, :2] @ w[1:3], 1, None),
    "slices apart": (lambda w, x: x[:, :2] @ w[:2] + jnp.tanh(x[:, :2] @ w[2:]), 2, None),
    "slices that overlap": (lambda w, x: x[:, :2] @ w[:2] + x[:, :2] @ w[1:3], 0, "shared"),
    "twice": (lambda w, x: jnp.tanh(x @ w) @ w, 1, None),
    "twice, scaled apart": (lambda w, x: jnp.tanh(x @ w) @ (2 * w), 1, None),
    "twice, one transposed": (lambda w, x: jnp.tanh(x @ w) @ w.T, 0, "shared"),
    "at many positions": (lambda w, x: (x.reshape(-1, 2, 2) @ w[:2, :2]).reshape(-1, 4), 1, None),
    "on a constant": (lambda w, x: x * (jnp.ones((1, 4)) @ w), 1, None),
    "with itself": (lambda w, x: x @ (w @ w), 0, "dot_general"),
    "taken from": (lambda w, x: x @ (1 - w), 0, "elementwise"),
    "divided by": (lambda w, x: x @ (1 / (3 + w)), 0, "elementwise"),
    "repeated": (lambda w, x: x @ jnp.broadcast_to(w[:1], (4, 4)), 0, "elementwise"),
    "added": (lambda w, x: jnp.tanh(x) + w[:1], 0, "elementwise"),
    "squared": (lambda w, x: x @ w**2, 0, "integer_pow"),
    "in a product and beside": (lambda w, x: x @ w + jnp.tanh(w)[:1], 0, "tanh"),
    "the output itself": (lambda w, x: w[:1] + 0 * w[1:2], 0, "elementwise"),
}
"""What is done with a leaf, how many layers that makes, and what hinders."""


@pytest.mark.parametrize("way", WAYS)
def test_a_leaf_is_read_as_it_is_used(way):
    use, layers, hindrance = WAYS[way]
    variables = {"params": {"w": W}}

    def apply(variables, x):
        return jax.numpy.broadcast_to(use(variables["params"]["w"], x), (len(x), 4))

    chosen, rest = split_variables(variables, parameters="all")
    found, others = find_layers(trace_program(apply, chosen, rest, X[:1]), chosen)
    assert (len(found), others.get("['params']['w']")) == (layers, hindrance)


@pytest.mark.parametrize(
    "ways",
    [
        [way for way, (_, layers, _) in WAYS.items() if layers and way != "cast"],
        [way for way, (_, layers, _) in WAYS.items() if not layers and "output" not in way],
    ],
    ids=["layers", "by Jacobian"],
)
def test_kernels_are_exact(ways):
    """All ways in one network, each with a leaf of its own: exact to 1e-5 of its largest entry."""
    rng = np.random.default_rng(2)
    leaves = {way: rng.normal(size=(4, 4)).astype(np.float32) / 2 for way in ways}

    def apply(variables, x):
        for way in ways:
            x = jnp.tanh(x) + WAYS[way][0](variables["params"][way], x)
        return x[:, :2]

    assert both.compare(apply, {"params": leaves}, X).error < 1e-5


def test_a_cast_leaf_is_as_exact_as_its_numbers():
    """A plain Jacobian rounds the gradient to the 11 bits of float16; the engine does not."""
    apply = lambda v, x: jnp.tanh(WAYS["cast"][0](v["params"]["w"], x))  # noqa: E731
    assert 0 < both.compare(apply, {"params": {"w": W}}, X).error < 2e-3


def test_a_sum_of_leaves_is_a_layer_of_each():
    variables = {"params": {"v": W, "w": W + 1}}

    def apply(variables, x):
        return x @ (variables["params"]["v"] + 2 * variables["params"]["w"])

    seen = both.compare(apply, variables, X)
    assert [layer.path for layer in seen.survey.layers] == ["['params']['v']", "['params']['w']"]
    assert seen.error < 1e-5


def test_a_learned_scale_goes_by_jacobian_and_its_kernel_does_not():
    variables = {"params": {"scale": jnp.float32(2), "w": W}}

    def apply(variables, x):
        return jnp.tanh(x @ (variables["params"]["w"] * variables["params"]["scale"]))

    seen = both.compare(apply, variables, X)
    assert (seen.survey.remaining, len(seen.survey.layers)) == (("['params']['scale']",), 1)
    assert seen.error < 1e-5


def test_uses_know_the_steps_that_moved_a_leaf():
    chosen = {"['params']['w']": W}
    rest = {"params": {"w": None}}
    program = trace_program(lambda v, x: x @ (v["params"]["w"].T / 3), chosen, rest, X[:1])
    ((use, image),) = find_uses(program).products[0]
    assert [program.steps[at].name for at in image.moves] == ["transpose"]
    assert program.steps[use.step].name == "dot_general"
    assert (len(use.scales), len(use.divisors)) == (0, 1)


def test_no_backward_pass_goes_below_the_lowest_chosen_leaf():
    """The first of two tanh is never differentiated: no product with 1 − tanh² of its output."""
    variables = {"params": {"first": W, "head": W}}
    seen = []

    @jax.custom_jvp
    def watched(x):
        return jnp.tanh(x)

    @watched.defjvp
    def _(primals, tangents):
        seen.append(1)
        return watched(*primals), tangents[0]

    def apply(variables, x):
        return jnp.tanh(watched(x @ variables["params"]["first"]) @ variables["params"]["head"])

    network = both.Network(apply, "trace", "head")
    survey = both.survey_network(network, variables, X, block_size=3)
    both.by_layers(network, survey.with_forms(block_size=3, logits_per_pass=4), variables, X)
    assert not seen
    network = both.Network(apply, "trace", "first")
    survey = both.survey_network(network, variables, X, block_size=3)
    both.by_layers(network, survey.with_forms(block_size=3, logits_per_pass=4), variables, X)
    assert seen
