"""What a kernel is of: nothing that its bytes depend on is left out."""

import jax.numpy as jnp
import numpy as np
import pytest

from davinz_jax.ntk import LayerwiseEngine
from davinz_jax.ntk.engines.layerwise.sketch import Sketch
from davinz_jax.ntk.execution import identity
from davinz_jax.ntk.execution.identity import kernel_identity
from davinz_jax.ntk.execution.plan import make_plan
from davinz_jax.ntk.outputs import Network, make_rows

X = np.arange(12, dtype=np.float32).reshape(4, 3)
DRAWN = [{"params": {"kernel": jnp.ones((3, 2))}}]
WIDE = [{"params": {"kernel": jnp.ones((3, 20))}}]
PARTITION = np.arange(4)[None]


def linear(variables, inputs):
    return inputs @ variables["params"]["kernel"]


def identity_of(*, inputs=X, drawn=DRAWN, partition=PARTITION, apply=linear, seed=None):
    network = Network(apply, "trace", "weights")
    rows = make_rows(network, inputs, None)
    sketch = None if seed is None else Sketch(1, (seed,))
    plan = make_plan(LayerwiseEngine(sketch=sketch), network, drawn[0], rows)
    return kernel_identity(plan, drawn, rows, partition)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"inputs": X + 1}, {"rows"}),
        ({"drawn": [{"params": {"kernel": jnp.zeros((3, 2))}}]}, {"initialisations"}),
        ({"drawn": DRAWN * 2}, {"initialisations"}),
        ({"partition": PARTITION[:, ::-1]}, {"blocks"}),
        ({"apply": lambda v, x: 2 * linear(v, x)}, {"network"}),
        ({"apply": lambda v, x: linear(v, x)}, set()),
    ],
)
def test_only_what_differs_differs(change, named):
    """The same computation under another name is the same network."""
    plain, other = identity_of(), identity_of(**change)
    assert {name for name in plain if plain[name] != other[name]} == named


def test_size_and_key_of_a_sketch_count():
    exact, first, again, other = (identity_of(drawn=WIDE, seed=seed) for seed in (None, 1, 1, 2))
    assert first == again
    assert {name for name in first if first[name] != other[name]} == {"sketch"}
    assert exact["sketch"] == "none"
    assert exact["engine"] != first["engine"]


def test_code_of_every_engine_counts(monkeypatch, tmp_path):
    """The folder that is hashed is that of the whole floor, engines and execution alike."""
    read = []
    monkeypatch.setattr(
        identity.Path, "read_bytes", lambda path: read.append(path.name) or b"", raising=True
    )
    identity._code_hash()
    assert {"empirical.py", "gradients.py", "tiles.py", "neural_tangents.py"} <= set(read)
