"""How far it is from the kernel that is asked for to the gradient that it is made of."""

import traceback
from pathlib import Path

import jax
import numpy as np
import pytest

import davinz_jax
from davinz_jax.data.dataset import Dataset, Validation
from davinz_jax.models import MLP, apply_function, initialise
from davinz_jax.ntk import LayerwiseEngine, tangent_kernel

PACKAGE = Path(davinz_jax.__file__).parent
MOST_FRAMES, MOST_FILES = 8, 5


class GradientReached(Exception):
    """Raised in place of the gradient."""


@pytest.mark.parametrize(("num_rows", "num_blocks"), [(3, 1), (50, 1), (50, 2)])
def test_from_kernel_to_gradient(num_rows, num_blocks, key, monkeypatch):
    """In one chunk of rows and in several, in one block and in several."""
    inputs = np.random.default_rng(0).normal(size=(num_rows, 5)).astype(np.float32)
    data = Dataset(inputs, np.arange(num_rows) % 3, "classification", 3, Validation(inputs[:1]))
    module = MLP((4,), num_outputs=3)
    drawn = [initialise(module, key, inputs)]

    def stop(*args, **kwargs):
        raise GradientReached

    # The engine is checked on two rows first, which is another, shorter way.
    monkeypatch.setattr(LayerwiseEngine, "verify", lambda *_, **__: None)
    monkeypatch.setattr(jax, "vjp", stop)
    with pytest.raises(GradientReached) as reached:
        tangent_kernel(
            apply_function(module), drawn, data, engine="layerwise", num_blocks=num_blocks, key=key
        )
    own = [
        frame
        for frame in traceback.extract_tb(reached.value.__traceback__)
        if PACKAGE in Path(frame.filename).parents
    ]
    chain = [f"{Path(frame.filename).relative_to(PACKAGE)}: {frame.name}" for frame in own]
    assert chain[0] == "ntk/empirical.py: tangent_kernel", chain
    assert len(chain) <= MOST_FRAMES, chain
    assert len({frame.filename for frame in own}) <= MOST_FILES, chain
