"""Convolution by patches equals XLA's, in value and in gradient."""

import jax
import numpy as np
import pytest
from jax import lax

from davinz_jax.models.convolution import small_image_convolution

AXES = ("NHWC", "HWIO", "NHWC")


@pytest.mark.parametrize(
    ("side", "kernel_side", "padding", "settings"),
    [
        (4, 5, ((2, 2), (2, 2)), {}),
        (2, 3, ((1, 1), (0, 2)), {}),
        (1, 3, ((1, 1), (1, 1)), {}),
        (8, 3, ((1, 1), (1, 1)), {}),
        (3, 3, ((1, 1), (1, 1)), {"rhs_dilation": (2, 2)}),
        (2, 3, "SAME", {}),
    ],
)
def test_equals_xla_in_float64(side, kernel_side, padding, settings):
    generator = np.random.default_rng(0)
    inputs = generator.normal(size=(3, side, side, 4))
    kernel = generator.normal(size=(kernel_side, kernel_side, 4, 5))

    def both(convolve):
        def run(x, w):
            return convolve(x, w, (1, 1), padding, dimension_numbers=AXES, **settings)

        out, back = jax.vjp(run, inputs, kernel)
        return (out, *back(out))

    with jax.enable_x64(True):
        for got, wanted in zip(
            both(small_image_convolution), both(lax.conv_general_dilated), strict=True
        ):
            np.testing.assert_allclose(got, wanted, rtol=1e-12, atol=1e-12)
