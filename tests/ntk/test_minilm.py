"""Tangent kernels of a pretrained encoder against reference numbers in float64."""

import jax
import numpy as np
import pytest

from davinz_jax.models import apply_function, load_pretrained
from davinz_jax.ntk import empirical_ntk

GROUPS = {
    "head": "head/kernel",
    "last_layer_linear": "layer_5/.*kernel|head/kernel",
    "encoder_linear": "weights",
    "encoder_all": r"layer_\d|head",
    "everything": "all",
}
"""Parameters of the reference kernels, as patterns of ours."""


@pytest.fixture(scope="module")
def network(minilm, golden):
    """The module, its variables with the reference head, and the reference numbers."""
    numbers = np.load(golden / "minilm.npz")
    module, variables = load_pretrained(minilm, num_outputs=3, key=jax.random.key(0))
    head = {"kernel": numbers["head_kernel"].astype(np.float32), "bias": np.zeros(3, np.float32)}
    return module, {"params": variables["params"] | {"head": head}}, numbers


def difference(network, group, output):
    """Largest difference from the reference kernel, of its largest entry."""
    module, variables, numbers = network
    each = numbers[f"ntk_{group}"]
    wanted = each[:, 0, :, 0] if output == "first" else np.einsum("icjc->ij", each) / 3
    found = empirical_ntk(
        apply_function(module), variables, numbers["input_ids"].astype(np.int32),
        output=output, parameters=GROUPS[group], engine="layerwise",
    )  # fmt: skip
    return np.abs(found - wanted).max() / np.abs(wanted).max()


@pytest.mark.slow
@pytest.mark.parametrize("output", ["first", "trace"])
@pytest.mark.parametrize("group", list(GROUPS))
def test_the_kernel_of_every_group(network, group, output):
    assert difference(network, group, output) < 1e-4
