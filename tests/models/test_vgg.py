"""VGG: PyTorch's numbers for its flat stack, one pixel at the end."""

import jax
import jax.numpy as jnp
import pytest

from davinz_jax import models
from davinz_jax.models import VGG


def test_submodules_are_numbered_as_in_a_flat_stack():
    """Conv 0, norm 1, ReLU 2, conv 3, norm 4, ReLU 5, pool 6, conv 7, norm 8."""
    shapes = jax.eval_shape(VGG(((2, 2), (3,)), 4).init, jax.random.key(0), jnp.zeros((1, 4, 4, 1)))
    names = {f"features.{number}" for number in (0, 1, 3, 4, 7, 8)}
    assert set(shapes["params"]) == names | {"classifier"}
    assert shapes["params"]["classifier"]["kernel"].shape == (3, 4)


@pytest.mark.parametrize(
    ("module", "convolutions"),
    [(models.vgg11(), 8), (models.vgg13(), 10), (models.vgg16(), 13)],
)
def test_five_stages_end_at_512_channels(module, convolutions):
    assert len(module.stages) == 5
    assert sum(map(len, module.stages)) == convolutions
    assert module.stages[-1][-1] == 512
