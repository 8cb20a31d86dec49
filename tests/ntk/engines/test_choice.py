"""Which engine a name stands for."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from davinz_jax.models import MLP, apply_function, initialise
from davinz_jax.ntk import LayerwiseEngine, NeuralTangentsEngine
from davinz_jax.ntk.engines.choice import find_engine, sketching_engine
from davinz_jax.ntk.outputs import Network

X = np.ones((2, 4), np.float32)


def find(engine, *, is_linen, key):
    """The engine found for a Linen module, or for a bare function of the same shape."""
    if is_linen:
        module = MLP((3,), num_outputs=2)
        apply, variables = apply_function(module), initialise(module, key, X)
    else:
        apply = lambda v, x: x @ v["params"]["kernel"]  # noqa: E731
        variables = {"params": {"kernel": jnp.ones((4, 2))}}
    return find_engine(engine, Network(apply, "trace", "weights"), variables, X, block_size=2)


@pytest.mark.parametrize(
    ("engine", "is_linen", "wanted"),
    [
        ("auto", True, LayerwiseEngine),
        ("auto", False, LayerwiseEngine),
        ("layerwise", False, LayerwiseEngine),
        ("neural_tangents", True, NeuralTangentsEngine),
    ],
)
def test_name_and_model_decide(engine, is_linen, wanted, key):
    assert isinstance(find(engine, is_linen=is_linen, key=key), wanted)


def test_an_engine_that_is_given_is_fit_and_keeps_its_options(key):
    found = find(LayerwiseEngine(chunk=3, precision="bfloat16"), is_linen=True, key=key)
    assert isinstance(found, LayerwiseEngine)
    assert (found.chunk, found.precision) == (3, "bfloat16")
    assert found.survey is not None
    assert len(found.survey.layers) == 2


def test_unknown_name_is_refused(key):
    with pytest.raises(ValueError, match="engine: wanted one of .*; did you mean 'layerwise'"):
        find("layerwize", is_linen=True, key=key)


def test_a_sketch_makes_the_layerwise_engine_one_that_sketches():
    key = jax.random.key(3)
    assert sketching_engine("auto", None, key=None) == "auto"
    found = sketching_engine(LayerwiseEngine(precision="bfloat16"), 16, key=key)
    assert isinstance(found, LayerwiseEngine)
    assert found.sketch is not None
    assert found.name == "layerwise, bfloat16, sketch of 16"
    again = sketching_engine("auto", 16, key=jax.random.key(4))
    assert isinstance(again, LayerwiseEngine)
    assert again.sketch != found.sketch
    assert found.of_draw(1).sketch != found.of_draw(2).sketch


@pytest.mark.parametrize(
    ("engine", "sketch", "key", "message"),
    [
        ("auto", 0, 0, "sketch: wanted a whole number ≥ 1 of dimensions, or none, got 0; 64"),
        ("auto", -8, 0, "sketch: wanted .*, got -8; 64 is usual"),
        ("auto", True, 0, "sketch: wanted .*, got True; 64 is usual"),
        ("neural_tangents", 8, 0, "engine: wanted 'layerwise' for a sketch, got 'neural_tangents'"),
        ("layerwize", 8, 0, "engine: wanted one of .*; did you mean 'layerwise'"),
        ("auto", 8, None, "key: wanted a random key, which draws the sketch, got none; pass"),
    ],
)
def test_sketches_that_cannot_be_are_refused(engine, sketch, key, message):
    with pytest.raises(ValueError, match=message):
        sketching_engine(engine, sketch, key=None if key is None else jax.random.key(key))
