"""Convolutions written by hand as products of patches are seen for what they are."""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest

from tests.ntk.engines.layerwise import both

pytestmark = pytest.mark.usefixtures("quick_compilation")
X = np.random.default_rng(0).normal(size=(3, 5, 4, 2)).astype(np.float32)
KERNEL = np.random.default_rng(1).normal(size=(3, 2, 2, 3)).astype(np.float32)
PLACES = [(a, b) for a in range(3) for b in range(2)]


def by_patches(
    padding=((1, 1), (0, 1)), places=PLACES, dilation=(1, 1), stride=1, value=0.0, first=(0, 0)
):
    """A network of one convolution by patches."""

    def apply(variables, x):
        padded = jnp.pad(x, ((0, 0), *padding, (0, 0)), constant_values=value)
        starts = [(a * dilation[0] + first[0], b * dilation[1] + first[1]) for a, b in places]
        span = (2 * dilation[0] + first[0], dilation[1] + first[1])
        height, width = (size - far for size, far in zip(padded.shape[1:3], span, strict=True))
        slices = [padded[:, a : a + height : stride, b : b + width : stride] for a, b in starts]
        kernel = variables["params"]["kernel"].reshape(-1, 3)
        hidden = jnp.concatenate(slices, axis=-1) @ kernel
        return jnp.tanh(hidden).sum(axis=(1, 2))

    return apply


@pytest.mark.parametrize(
    ("settings", "padding", "stride", "dilation"),
    [
        ({}, ((1, 1), (0, 1)), 1, (1, 1)),
        ({"stride": 2}, ((1, 1), (0, 1)), 2, (1, 1)),
        ({"dilation": (2, 1), "padding": ((0, 0), (0, 0))}, ((0, 0), (0, 0)), 1, (2, 1)),
        ({"value": 1.0}, ((0, 0), (0, 0)), 1, (1, 1)),
    ],
    ids=["padded", "strides", "dilation", "padded with ones"],
)
@pytest.mark.parametrize("form", ["pixels", "gradient"])
def test_geometry_is_that_of_the_convolution(settings, padding, stride, dilation, form):
    """Padding by anything but zeros is a part of the image."""
    apply, variables = by_patches(**settings), {"params": {"kernel": KERNEL}}
    seen = both.compare(apply, variables, X)
    (layer,) = seen.survey.layers
    assert (layer.window, layer.strides, layer.dilation) == ((3, 2), (stride,) * 2, dilation)
    assert (layer.padding, layer.channels_in) == (padding, 2)
    survey = replace(seen.survey, forms=(form,))
    found = both.by_layers(both.Network(apply, "trace", "all"), survey, variables, X)
    np.testing.assert_allclose(found, seen.wanted, atol=1e-5 * np.abs(found).max(), rtol=0)


@pytest.mark.parametrize(
    "settings",
    [{"places": PLACES[::-1]}, {"first": (1, 1)}, {"places": [*PLACES[:5], PLACES[0]]}],
    ids=["turned", "not from the corner", "one place twice"],
)
def test_other_patches_are_taken_as_they_are(settings):
    seen = both.compare(by_patches(**settings), {"params": {"kernel": KERNEL}}, X)
    (layer,) = seen.survey.layers
    assert (layer.window, layer.channels_in) == ((1,), 12)
    assert seen.error < 1e-5
