"""The neural-tangents engine against the equation."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from davinz_jax.ntk import NeuralTangentsEngine, empirical_ntk
from tests import reference


def network(variables, inputs):
    """Two layers; `scale` is a parameter that only `all` counts."""
    params = variables["params"]
    hidden = jnp.tanh(inputs @ params["first"]["kernel"]) * params["scale"][None]
    return hidden @ params["last"]["kernel"]


@pytest.fixture(scope="module")
def variables():
    keys = jax.random.split(jax.random.key(2), 3)
    return {
        "params": {
            "first": {"kernel": jax.random.normal(keys[0], (4, 5))},
            "scale": jax.random.normal(keys[1], (5,)),
            "last": {"kernel": jax.random.normal(keys[2], (5, 3))},
        }
    }


@pytest.mark.parametrize("implementation", ["jacobian_contraction", "ntk_vector_products"])
@pytest.mark.parametrize("parameters", ["weights", "all"])
@pytest.mark.parametrize("output", ["label", "trace"])
def test_equals_the_equation(variables, implementation, parameters, output):
    """K = Σ J Jᵀ over leaves and, for `trace`, the mean over logits."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(6, 4)).astype(np.float32), rng.integers(0, 3, 6)
    wanted = reference.tangent_kernel(
        network, variables, x, y, output=output,
        counts=lambda path, _: parameters == "all" or path[-1].key != "scale",
    )  # fmt: skip
    engine = NeuralTangentsEngine(implementation)
    found = empirical_ntk(
        network, variables, x, y, output=output, parameters=parameters, engine=engine
    )
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", [0, 3, "auto", "structured_derivatives"])
def test_refuses_implementations_that_do_not_run(name):
    with pytest.raises(ValueError, match="does not run on JAX"):
        NeuralTangentsEngine(name)


def test_refuses_an_unknown_implementation():
    with pytest.raises(ValueError, match="did you mean 'jacobian_contraction'"):
        NeuralTangentsEngine("jacobian")
