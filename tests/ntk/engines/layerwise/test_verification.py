"""What a survey cannot see is found by a plain Jacobian of two rows, layer by layer."""

from dataclasses import replace

import flax.linen as nn
import jax
import numpy as np
import pytest

from davinz_jax.ntk.engines.layerwise.survey import survey_network
from davinz_jax.ntk.engines.layerwise.verification import find_fault
from davinz_jax.ntk.outputs import Network

pytestmark = pytest.mark.usefixtures("quick_compilation")


class Heads(nn.Module):
    """A convolution, and a head for each of three logits."""

    @nn.compact
    def __call__(self, x):
        hidden = nn.tanh(nn.Conv(4, (3, 3), name="body")(x)).reshape(len(x), -1)
        shared = nn.LayerNorm()(hidden)
        heads = [nn.Dense(1, name=f"head{c}")(shared) for c in range(3)]
        return jax.numpy.concatenate(heads, axis=1)


INPUTS = np.random.default_rng(0).normal(size=(4, 4, 4, 2)).astype(np.float32)


def altered(name, factor):
    """Heads whose layer of this name sees its inputs times a factor."""

    def scale(call, args, kwargs, context):
        is_it = context.module.name == name and context.method_name == "__call__"
        return call(*(factor * each for each in args), **kwargs) if is_it else call(*args, **kwargs)

    def apply(variables, inputs):
        with nn.intercept_methods(scale):
            return Heads().apply(variables, inputs)

    return apply


def find(apply, key, *, form=None, precision="full", logits=(0, 1, 2)):
    """The fault of an engine whose layers all have one form, or the cheapest, for some logits."""
    network, variables = Network(apply, "trace", "all"), Heads().init(key, INPUTS)
    survey = survey_network(network, variables, INPUTS, block_size=4)
    survey = survey.with_logits(len(logits), block_size=4)
    forms = survey.forms if form is None else (form,) * len(survey.layers)
    survey = replace(survey, forms=forms, precision=precision)
    logits = np.tile(np.asarray(logits, np.int32), (4, 1))
    return find_fault(network, survey, variables, INPUTS, logits, chunk=2)


@pytest.mark.parametrize(
    ("layer", "form"),
    [(None, "gradient"), (None, "pixels"), ("body", "patches"), ("head1", "gradient")],
)
def test_names_the_layer_that_was_altered(layer, form, key):
    fault = find(altered(layer, 1.5), key, form=form)
    if layer is None:
        assert fault is None
    else:
        assert fault.place == f"['params'][{layer!r}]"
        assert 1e-3 < fault.difference < 2


def test_a_layer_whose_share_is_small_is_seen(key):
    """The head's bias-free share falls with the square of its inputs."""
    fault = find(altered("body", 1e-3), key)
    assert fault is not None
    assert fault.place == "['params']['body']"


def test_half_precision_is_no_fault_and_hides_none(key):
    assert find(altered(None, 1), key, precision="bfloat16") is None
    fault = find(altered("body", 2.0), key, precision="bfloat16")
    assert fault is not None
    assert "a plain Jacobian's" in str(fault)


def test_logits_left_out_are_not_judged(key):
    """One pass of two logits never meets the third one's head."""
    assert find(altered("head2", 2.0), key, logits=(0, 1)) is None
    assert find(altered("head2", 2.0), key, logits=(0, 2)) is not None
