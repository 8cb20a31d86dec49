"""An encoder on ids by hand: what padding, positions, segments and pooling do."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from davinz_jax.models import BERT, EncoderShape
from davinz_jax.models.bert import positions, segments

SHAPE = EncoderShape(
    num_tokens=9, width=8, num_layers=1, num_heads=2, inner_width=12, num_positions=6, separator=3
)
IDS = np.array([[2, 5, 6, 3], [2, 7, 3, 0]], np.int32)


@pytest.fixture(scope="module")
def network():
    """A module, and weights off their initial values."""
    module, generator = BERT(SHAPE, num_outputs=3), np.random.default_rng(0)
    shapes = jax.eval_shape(module.init, jax.random.key(0), IDS)
    draw = lambda leaf: generator.normal(size=leaf.shape).astype(np.float32)  # noqa: E731
    return module, jax.tree.map(draw, shapes)


def test_padding_changes_no_output(network):
    """Two more columns of padding: the same numbers, as attention gives them no share."""
    module, variables = network
    wide = np.pad(IDS, ((0, 0), (0, 2)))
    forward = jax.jit(module.apply)
    np.testing.assert_allclose(forward(variables, wide), forward(variables, IDS), atol=1e-5)


def test_pooling_is_the_mean_over_tokens_or_the_first_state(network):
    module, variables = network

    def pooled(module):
        def both(model, ids):
            return model.states(ids), model.pool(ids)

        return jax.jit(lambda variables: module.apply(variables, IDS, method=both))(variables)

    states, mean = map(np.asarray, pooled(module))
    wanted = np.stack([states[0].mean(0), states[1, :3].mean(0)])
    np.testing.assert_allclose(mean, wanted, atol=1e-5)
    states, first = pooled(BERT(SHAPE, num_outputs=3, pooling="cls"))
    np.testing.assert_allclose(first, states[:, 0], atol=1e-6)


def test_positions_count_from_0_or_after_padding():
    """RoBERTa's first token has the position pad + 1, and padding that of its own id."""
    roberta = EncoderShape(pad=1, first_position=2)
    np.testing.assert_array_equal(positions(jnp.asarray(IDS), SHAPE), [[0, 1, 2, 3]] * 2)
    padded = jnp.array([[7, 8, 1]])
    np.testing.assert_array_equal(positions(padded, roberta), [[2, 3, 1]])


def test_the_second_text_of_a_pair_is_the_second_segment():
    pair = jnp.array([[2, 5, 3, 6, 3, 0]])
    np.testing.assert_array_equal(segments(pair, SHAPE), [[0, 0, 0, 1, 1, 0]])
    np.testing.assert_array_equal(segments(pair, EncoderShape(num_types=1)), [[0] * 6])
