"""Bilinear resizing against a case by hand, JAX and Pillow."""

import jax
import numpy as np
import pytest
from PIL import Image

from davinz_jax.data.resize import resize_bilinear


def test_two_pixels_to_four_by_hand():
    """Centres of the new pixels lie at 1/4, 3/4, 5/4 and 7/4 of the old ones' 1/2 and 3/2."""
    images = np.array([0.0, 1.0]).reshape(1, 1, 2, 1)
    np.testing.assert_allclose(resize_bilinear(images, 1, 4).ravel(), [0, 0.25, 0.75, 1])


def test_constant_images_stay_constant():
    images = np.full((2, 5, 7, 3), 0.3, np.float32)
    for height, width in ((3, 4), (11, 9)):
        np.testing.assert_allclose(resize_bilinear(images, height, width), 0.3, rtol=1e-6)


@pytest.mark.parametrize("shape", [(32, 32), (14, 9), (28, 40)])
def test_agrees_with_jax(key, shape):
    images = np.asarray(jax.random.uniform(key, (2, 28, 28, 3)))
    slow = jax.image.resize(images, (2, *shape, 3), "linear")
    np.testing.assert_allclose(resize_bilinear(images, *shape), slow, atol=1e-5)


def test_agrees_with_pillow_up_to_its_rounding(key):
    pixels = np.asarray(jax.random.randint(key, (28, 28), 0, 256)).astype(np.uint8)
    slow = np.asarray(Image.fromarray(pixels).resize((32, 32), Image.Resampling.BILINEAR))
    fast = resize_bilinear(pixels[None, ..., None].astype(np.float64), 32, 32)[0, ..., 0]
    assert np.abs(fast - slow).max() <= 1.0


def test_no_size_is_refused():
    with pytest.raises(ValueError, match="size: wanted positive sides"):
        resize_bilinear(np.zeros((1, 2, 2, 1)), 0, 3)
