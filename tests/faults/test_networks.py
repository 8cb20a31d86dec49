"""Random networks: the kernel of both engines' choices against a plain Jacobian."""

import jax.numpy as jnp
import numpy as np
import pytest

from tests.faults import networks
from tests.faults.run import check_network, generate


def test_jacobian_by_hand():
    """With f = (x·w, x·v), ∇_w f₁ = ∇_v f₂ = x: the kernels are x·x'."""
    rows = np.array([[1.0, 2.0], [0.0, 1.0], [3.0, -1.0]], np.float32)
    variables = {"params": {"layer": {"kernel": jnp.zeros((2, 2)), "bias": jnp.zeros(2)}}}

    def apply(variables, inputs):
        layer = variables["params"]["layer"]
        return inputs @ layer["kernel"] + layer["bias"][None]

    labels = np.array([0, 0, 1])
    found = networks.by_jacobian(apply, variables, rows, labels, "weights", "trace")
    np.testing.assert_allclose(found, rows @ rows.T)
    found = networks.by_jacobian(apply, variables, rows, labels, "all", "label")
    same = labels[:, None] == labels[None]
    np.testing.assert_allclose(found, (rows @ rows.T + 1) * same)


def check(count: int, number: int) -> None:
    """Draw networks, and tell all that is wrong with any."""
    found: list[str] = []

    def try_one(module: networks.Network) -> None:
        for engine in ("layerwise", "auto")[number % 2 :][:1]:
            text = check_network(module, number, engine)
            if text:
                found.append(f"{engine}: {text}\n    {module.steps}")

    generate(networks.networks(), count, number, try_one)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("number", [0, 1])
def test_networks(number):
    check(1, number)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(2, 22))
def test_many_networks(number):
    check(2, number)
