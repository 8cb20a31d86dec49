"""What reading gets wrong is found by a plain Jacobian of two rows, leaf by leaf."""

from dataclasses import replace

import flax.linen as nn
import jax
import numpy as np
import pytest

from davinz_jax.ntk.engines.layerwise import gradients
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


@pytest.fixture
def alter(monkeypatch):
    """Has the engine err in a leaf: its signals are taken times a factor."""

    def change(path, factor):
        by_layer = gradients._by_layer

        def altered(program, survey, signals, scales):
            found = by_layer(program, survey, signals, scales)
            pairs = zip(survey.layers, found, strict=True)
            return tuple(b * factor if layer.path == path else b for layer, b in pairs)

        monkeypatch.setattr(gradients, "_by_layer", altered)

    return change


def kernel_of(layer):
    """Path of a layer's kernel."""
    return f"['params'][{layer!r}]['kernel']"


def find(key, *, form=None, precision="full", logits=(0, 1, 2)):
    """The fault of an engine whose layers all have one form, or the cheapest, for some logits."""
    apply = lambda variables, inputs: Heads().apply(variables, inputs)  # noqa: E731 -- a new one
    network, variables = Network(apply, "trace", "all"), Heads().init(key, INPUTS)
    survey = survey_network(network, variables, INPUTS, block_size=4)
    survey = survey.with_forms(block_size=4, logits_per_pass=len(logits))
    forms = survey.forms if form is None else (form,) * len(survey.layers)
    survey = replace(survey, forms=forms, precision=precision)
    logits = np.tile(np.asarray(logits, np.int32), (4, 1))
    return find_fault(network, survey, variables, INPUTS, logits, chunk=2)


@pytest.mark.parametrize(
    ("layer", "form"),
    [(None, "gradient"), (None, "pixels"), ("body", "patches"), ("head1", "gradient")],
)
def test_names_the_leaf_that_was_altered(layer, form, key, alter):
    if layer is None:
        assert find(key, form=form) is None
        return
    alter(kernel_of(layer), 1.5)
    fault = find(key, form=form)
    assert fault.place == kernel_of(layer)
    assert 1e-3 < fault.difference < 2


def test_a_leaf_whose_share_is_small_is_seen(key, alter):
    """A first layer's share, all but lost."""
    alter(kernel_of("body"), 1e-3)
    fault = find(key)
    assert fault is not None
    assert fault.place == kernel_of("body")


def test_half_precision_is_no_fault_and_hides_none(key, alter):
    assert find(key, precision="bfloat16") is None
    alter(kernel_of("body"), 2.0)
    fault = find(key, precision="bfloat16")
    assert fault is not None
    assert "a plain Jacobian's" in str(fault)


def test_logits_left_out_are_not_judged(key, alter):
    """One pass of two logits never meets the third one's head."""
    alter(kernel_of("head2"), 2.0)
    assert find(key, logits=(0, 1)) is None
    assert find(key, logits=(0, 2)) is not None


def test_a_network_that_is_no_function_is_found(key):
    """Its second half is traced with other numbers each time."""
    calls = []

    def apply(variables, inputs):
        calls.append(1)
        return Heads().apply(variables, inputs) * len(calls)

    network, variables = Network(apply, "trace", "weights"), Heads().init(key, INPUTS)
    survey = survey_network(network, variables, INPUTS, block_size=4)
    logits = np.zeros((4, 1), np.int32)
    assert find_fault(network, survey, variables, INPUTS, logits, chunk=2) is not None
