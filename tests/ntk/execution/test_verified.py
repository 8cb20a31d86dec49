"""Plans of engines that were checked: errors, the reference engine in place, once a network."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from davinz_jax.data.dataset import Dataset, Validation
from davinz_jax.ntk import LayerwiseEngine, empirical_ntk, tangent_kernel
from davinz_jax.ntk.engines.layerwise import gradients
from davinz_jax.ntk.execution.verified import (
    EngineFaultError,
    EngineFaultWarning,
    make_verified_plan,
)
from davinz_jax.ntk.outputs import Network, make_rows
from tests import reference

pytestmark = pytest.mark.usefixtures("quick_compilation")
X = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
Y = np.arange(5) % 3
DATA = Dataset(X, Y, "classification", 3, Validation(X[:1]))
MODULE = nn.Sequential([nn.Dense(6), nn.tanh, nn.Dense(3)])


def doubled(call, args, kwargs, context):
    """Twice the inputs of a layer."""
    twice = isinstance(context.module, nn.Dense)
    return call(*(2 * each for each in args), **kwargs) if twice else call(*args, **kwargs)


def make_intercepted():
    """A network under an interceptor of the user's; each a function of its own."""

    def apply(variables, inputs):
        with nn.intercept_methods(doubled):
            return MODULE.apply(variables, inputs)

    return apply


@pytest.fixture
def erring(monkeypatch):
    """Has the layer-wise engine take signals twice as large as they are."""
    by_layer = gradients._by_layer
    twice = lambda *args: tuple(2 * signals for signals in by_layer(*args))  # noqa: E731
    monkeypatch.setattr(gradients, "_by_layer", twice)


def test_an_interceptor_of_the_users_is_read(key):
    apply, variables = make_intercepted(), MODULE.init(key, X)
    found = empirical_ntk(apply, variables, X, Y, parameters="all", engine="layerwise")
    wanted = reference.tangent_kernel(apply, variables, X, Y, output="label")
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5)


@pytest.mark.usefixtures("erring")
def test_layerwise_is_refused_by_the_name_of_the_leaf(key):
    variables = MODULE.init(key, X)
    with pytest.raises(EngineFaultError, match=r"\['layers_.'\].*use engine='neural_tangents'"):
        empirical_ntk(make_intercepted(), variables, X, Y, engine="layerwise")


@pytest.mark.usefixtures("erring")
def test_auto_goes_on_with_the_reference_engine_and_says_so(key):
    apply, variables = make_intercepted(), MODULE.init(key, X)
    with pytest.warns(EngineFaultWarning, match="neural_tangents, takes its place"):
        kernel = tangent_kernel(apply, [variables], DATA, parameters="all")
    wanted = reference.tangent_kernel(apply, variables, X, Y, output="label")
    np.testing.assert_allclose(kernel.blocks[0, 0], wanted, rtol=1e-5, atol=1e-5)
    found = kernel.describe()
    assert found["engine"] == "neural_tangents"
    assert "departs from a plain Jacobian" in found["engine_note"]


def test_a_network_is_checked_once(key, monkeypatch):
    variables, calls = MODULE.init(key, X), []
    network = Network(lambda v, x: MODULE.apply(v, x), "label", "weights")
    verify = LayerwiseEngine.verify

    def verify_and_note(*args, **settings):
        calls.append(args)
        return verify(*args, **settings)

    monkeypatch.setattr(LayerwiseEngine, "verify", verify_and_note)
    for rows in (X, X + 1):
        plan = make_verified_plan("auto", network, variables, make_rows(network, rows, Y))
        assert plan.note is None
    assert len(calls) == 1


class Normalised(nn.Module):
    """BatchNorm that takes its statistics from the batch."""

    @nn.compact
    def __call__(self, x):
        x = nn.BatchNorm(use_running_average=False)(nn.Dense(4)(x))
        return nn.Dense(3)(nn.relu(x))


@pytest.mark.parametrize("engine", ["auto", "neural_tangents"])
def test_batch_norm_in_training_mode_is_refused(engine, key):
    """A row beside itself has no spread: its gradient, and the kernel, would be 0."""
    variables = Normalised().init(key, X)

    def apply(variables, inputs):
        return Normalised().apply(variables, inputs, mutable=["batch_stats"])[0]

    with pytest.raises(ValueError, match=r"rows beside it.*use its running averages"):
        empirical_ntk(apply, variables, X, Y, engine=engine)


def test_kernels_in_boxes_are_weights(key):
    """`nn.with_partitioning` puts a leaf in a box that says how it is parted among devices.

    Without biases, all parameters are weights.
    """
    boxed = nn.with_partitioning(nn.initializers.lecun_normal(), (None, "model"))
    module = nn.Sequential([nn.Dense(4, False, kernel_init=boxed), nn.tanh, nn.Dense(3, False)])
    variables = module.init(key, X)
    found = empirical_ntk(module.apply, variables, X, Y)
    plain = jax.tree.map(jnp.asarray, nn.meta.unbox(variables))
    wanted = reference.tangent_kernel(module.apply, plain, X, Y, output="label")
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5)
