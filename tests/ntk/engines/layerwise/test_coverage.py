"""How parameters are covered is told leaf by leaf."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from davinz_jax.ntk import survey
from davinz_jax.ntk.engines.layerwise.coverage import describe_survey
from davinz_jax.ntk.engines.layerwise.survey import survey_network
from davinz_jax.ntk.outputs import Network


class Told(nn.Module):
    """A table, a layer called twice, a loop, and a parameter that is not used."""

    @nn.compact
    def __call__(self, tokens):
        self.param("idle", nn.initializers.ones, (3,))
        x = nn.Embed(5000, 4)(tokens)
        twice = nn.Dense(4, name="twice")
        x = twice(nn.tanh(twice(x)))
        kernel = self.param("looped", nn.initializers.ones, (4, 4))
        x = jax.lax.fori_loop(0, 2, lambda _, state: jnp.tanh(state @ kernel), x)
        return nn.Dense(2, name="head", use_bias=False)(x.sum(axis=1))


TOKENS = np.array([[3, 1, 4], [1, 5, 9]], np.int32)


def test_every_parameter_is_listed_with_how_and_cost(key):
    variables = Told().init(key, TOKENS)
    found = {each.leaf: each for each in survey(Told().apply, variables, TOKENS[0])}
    ways = {leaf: each.how for leaf, each in found.items()}
    assert ways == {
        "['params']['Embed_0']['embedding']": "lookup",
        "['params']['head']['kernel']": "gradient",
        "['params']['idle']": "unused",
        "['params']['looped']": "Jacobian (scan)",
        "['params']['twice']['bias']": "Jacobian (elementwise)",
        "['params']['twice']['kernel']": "outer",
    }
    assert [found["['params']['twice']['kernel']"].size, found["['params']['idle']"].cost] == [
        16,
        0,
    ]
    assert all(each.cost > 0 for each in found.values() if each.how != "unused")


def test_forms_follow_the_rows_of_the_kernel(key):
    """A head of one position: its product of inputs for each pair, or its gradient for each row."""
    variables = Told().init(key, TOKENS)
    (few,) = survey(Told().apply, variables, TOKENS[0], parameters="head/kernel", num_rows=2)
    (many,) = survey(Told().apply, variables, TOKENS[0], parameters="head/kernel")
    assert (few.how, many.how) == ("patches", "gradient")
    assert few.cost < many.cost


def test_a_leaf_of_several_layers_is_told_once(key):
    """Halves of one parameter, of one form."""
    variables = {"params": {"kernel": jax.random.normal(key, (2, 4, 4))}}

    def apply(variables, x):
        first, second = variables["params"]["kernel"]
        return jnp.tanh(x @ first) @ second

    found = survey_network(
        Network(apply, "trace", "all"), variables, np.ones((2, 4), np.float32), block_size=9
    )
    assert len(found.layers) == 2
    assert describe_survey(found) == {"['params']['kernel']": "patches"}


def test_a_pattern_of_nothing_is_refused(key):
    with pytest.raises(ValueError, match="parameters: wanted .* got 'tail'"):
        survey(Told().apply, Told().init(key, TOKENS), TOKENS[0], parameters="tail")
