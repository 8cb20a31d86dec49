"""Sketches of layers: unbiased, with the error they state, exact where nothing is projected."""

from dataclasses import replace
from functools import cached_property

import flax.linen as nn
import jax
import numpy as np
import pytest

from davinz_jax.models import MLP
from davinz_jax.ntk import LayerwiseEngine
from davinz_jax.ntk.engines.layerwise.gradients import represent_chunk
from davinz_jax.ntk.engines.layerwise.sketch import (
    HALVES,
    Sketch,
    draw_projections,
    num_sketched,
    sketch_cost,
    with_sketch,
)
from davinz_jax.ntk.engines.layerwise.survey import survey_network
from davinz_jax.ntk.outputs import Network

pytestmark = pytest.mark.usefixtures("quick_compilation")

NUM_DRAWS = 200


class Images(nn.Module):
    """Convolutions: strided and padded; dilated, in two groups; by depth. A dense head."""

    @nn.compact
    def __call__(self, x):
        x = nn.tanh(nn.Conv(4, (3, 3), strides=2, padding=((1, 0), (2, 1)), use_bias=False)(x))
        x = nn.tanh(nn.Conv(8, (2, 2), kernel_dilation=2, feature_group_count=2)(x))
        x = nn.tanh(nn.Conv(8, (2, 2), feature_group_count=8, use_bias=False)(x)).mean(axis=(1, 2))
        return nn.Dense(3, use_bias=False)(x)


class Words(nn.Module):
    """A table, and a dense layer that is used twice."""

    @nn.compact
    def __call__(self, tokens):
        x = nn.Embed(11, 5)(tokens)
        twice = nn.Dense(5, use_bias=False)
        return nn.Dense(2, use_bias=False)(twice(nn.tanh(twice(x))).mean(axis=1))


IMAGES = np.random.default_rng(0).normal(size=(4, 9, 9, 2)).astype(np.float32)
WORDS = np.random.default_rng(1).integers(0, 11, (4, 6)).astype(np.int32)
CASES = {"images": (Images(), IMAGES, 3), "words": (Words(), WORDS, 1)}


class Setting:
    """A network all of whose layers are sketched, for so many logits of each row."""

    def __init__(self, case):
        module, self.inputs, self.count = CASES[case]
        self.network = Network(module.apply, "trace", "kernel|embedding")
        self.variables = jax.jit(module.init)(jax.random.key(0), self.inputs)
        found = survey_network(self.network, self.variables, self.inputs, block_size=4)
        found = found.with_forms(block_size=4, logits_per_pass=self.count)
        self.survey = replace(found, forms=("sketch",) * len(found.layers))
        self.logits = np.tile(np.arange(self.count, dtype=np.int32), (len(self.inputs), 1))

    def represent(self, survey, signs):
        return represent_chunk(
            self.network, survey, self.variables, self.inputs, self.logits, signs
        )

    @cached_property
    def exact(self):
        """Tile of each layer, from its gradients."""
        survey = replace(self.survey, forms=("gradient",) * len(self.survey.layers))
        sizes = [self.count * layer.num_parameters for layer in survey.layers]
        whole = np.asarray(self.represent(survey, ()).gradients)
        parts = np.split(whole, np.cumsum(sizes)[:-1], axis=1)
        return np.stack([part @ part.T for part in parts])

    def halves(self, size, num_draws):
        """Tiles of each layer (h, draws, layers, n, n) from sketches of that size."""
        every = [draw_projections(self.survey, Sketch(size, (draw,))) for draw in range(num_draws)]
        signs = jax.tree.map(lambda *each: np.stack(each), *every)
        made = jax.vmap(lambda own: self.represent(self.survey, own).sketches)(signs)
        sizes = [part.inputs.shape[2] * part.signals.shape[2] for part in every[0]]
        assert sum(sizes) * HALVES == num_sketched(self.survey, size)
        parts = [np.split(np.asarray(half), np.cumsum(sizes)[:-1], axis=2) for half in made]
        return np.stack([np.stack([p @ p.swapaxes(1, 2) for p in half], axis=1) for half in parts])


def zeros(module, inputs):
    """Variables of a module that is only looked at."""
    shapes = jax.eval_shape(module.init, jax.random.key(0), inputs)
    return jax.tree.map(lambda leaf: np.zeros(leaf.shape, leaf.dtype), shapes)


@pytest.fixture(scope="module", params=CASES)
def setting(request):
    return Setting(request.param)


def test_the_mean_over_draws_is_the_kernel_of_each_layer(setting):
    """Every entry within 4.5 standard errors, 1.5 in the root mean square; errors as stated."""
    exact, halves = setting.exact, setting.halves(3, NUM_DRAWS)
    estimates, stated = halves.mean(axis=0), (halves[0] - halves[1]) / 2
    spread = estimates.std(axis=0, ddof=1)
    apart = (estimates.mean(axis=0) - exact) / (spread / np.sqrt(NUM_DRAWS))
    assert np.abs(apart).max() < 4.5
    assert np.sqrt(np.mean(np.square(apart))) < 1.5
    by_layer = np.mean(np.square(stated), axis=(0, 2, 3)) / np.mean(np.square(spread), axis=(1, 2))
    np.testing.assert_allclose(by_layer, 1, atol=0.35)
    assert np.linalg.eigvalsh(estimates).min() > -1e-5 * exact.max()


def test_a_side_that_is_no_larger_is_not_projected(setting):
    """With as many dimensions as the largest side, both halves are the kernel itself."""
    exact = setting.exact
    for half in setting.halves(64, 1)[:, 0]:
        np.testing.assert_allclose(half, exact, atol=1e-5 * exact.max())


def test_layers_that_cost_no_more_exactly_stay_so():
    """At 6 dimensions a pair costs 2·6·6 in the layers, and in the head 2·6·2: it has 16 itself."""
    module, inputs = MLP((64, 8), num_outputs=2), np.ones((3, 32), np.float32)
    network = Network(module.apply, "label", "weights")
    variables = zeros(module, inputs)
    survey = survey_network(network, variables, inputs, block_size=1000)
    found = with_sketch(survey, 6)
    pairs = [sketch_cost(layer, 6, 1).pair for layer in found.layers]
    assert found.forms[:2] == ("sketch", "sketch")
    assert pairs == [72, 72, 24]
    assert [found.forms[2], num_sketched(found, 6)] == [survey.forms[2], 144]


def test_signs_are_the_same_whatever_the_precision(setting):
    survey = setting.survey
    first = draw_projections(survey, Sketch(3, (7,)))
    with jax.enable_x64(True):
        again = draw_projections(survey, Sketch(3, (7,)))
    other = draw_projections(survey, Sketch(3, (8,)))
    jax.tree.map(np.testing.assert_array_equal, first, again)
    assert not np.array_equal(first[0].inputs, other[0].inputs)
    assert set(np.unique(first[0].inputs)) == {-1, 1}


def test_a_sketch_that_gains_nothing_is_refused():
    module, inputs = MLP((8,), num_outputs=2), np.ones((3, 8), np.float32)
    variables, network = (
        zeros(module, inputs),
        Network(module.apply, "label", "weights"),
    )
    engine = LayerwiseEngine(sketch=Sketch(50))
    with pytest.raises(ValueError, match=r"sketch: wanted at most \d+ dimensions .* got 50, .*"):
        engine.fit(network, variables, inputs, block_size=3)
