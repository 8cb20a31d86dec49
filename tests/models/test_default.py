"""The network for data of which only the shape is known."""

import pytest

from davinz_jax.models import CNN, MLP, default_model


@pytest.mark.parametrize(
    ("shape", "wanted"),
    [
        ((13,), MLP((64, 64), num_outputs=3)),
        ((8, 8), CNN(num_outputs=3)),
        ((28, 28, 3), CNN(num_outputs=3)),
    ],
)
def test_images_get_the_cnn_and_tables_a_small_mlp(shape, wanted):
    assert default_model(input_shape=shape, num_outputs=3) == wanted
