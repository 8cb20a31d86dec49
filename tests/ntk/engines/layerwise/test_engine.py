"""The layer-wise engine against neural-tangents on the paper's nine architectures, narrowed."""

import jax
import numpy as np
import pytest

from davinz_jax.executors import InProcess
from davinz_jax.models import CNN, CNN8, MLP, VGG, ResNet, apply_function, initialise
from davinz_jax.ntk import LayerwiseEngine, empirical_ntk
from davinz_jax.ntk.execution.plan import make_plan
from davinz_jax.ntk.execution.tiles import symmetric_gram
from davinz_jax.ntk.outputs import Network, make_rows

pytestmark = pytest.mark.usefixtures("quick_compilation")

NARROW = (2, 3, 3, 4)
ARCHITECTURES = {
    "mlp": (MLP((6, 5, 4), num_outputs=3), (6,)),
    "cnn": (CNN((3, 4), num_outputs=3), (12, 12, 1)),
    "cnn8": (CNN8(3, (4, 5, 5, 4, 3), 3, 4, num_outputs=3), (8, 8, 1)),
    "vgg11": (VGG(((2,), (3,), (3, 3), (4, 4), (4, 4)), 3), (32, 32, 1)),
    "vgg13": (VGG(((2, 2), (3, 3), (3, 3), (4, 4), (4, 4)), 3), (32, 32, 1)),
    "vgg16": (VGG(((2, 2), (3, 3), (3,) * 3, (4,) * 3, (4,) * 3), 3), (32, 32, 1)),
    "resnet18": (ResNet((2, 2, 2, 2), NARROW, 3), (25, 25, 1)),
    "resnet21": (ResNet((2, 3, 3, 3), NARROW, 3), (25, 25, 1)),
    "resnet34": (ResNet((3, 4, 6, 3), NARROW, 3), (25, 25, 1)),
}


DEEP = ("vgg16", "resnet21", "resnet34")
"""The deeper ones of a family, which take their time to compile."""


@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=[pytest.mark.slow] if n in DEEP else []) for n in ARCHITECTURES],
)
def test_equals_neural_tangents(name, key):
    """1e-5 of the largest entry, in float32; a trace is the mean of every class's label kernel."""
    module, shape = ARCHITECTURES[name]
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(4, *shape)).astype(np.float32), rng.integers(0, 3, 4)
    variables, apply = initialise(module, key, x), apply_function(module)
    for output in ("label", "trace") if name == "cnn" else ("trace",):
        found, wanted = (
            empirical_ntk(apply, variables, x, y, output=output, engine=engine)
            for engine in ("layerwise", "neural_tangents")
        )
        np.testing.assert_allclose(found, wanted, atol=1e-5 * np.abs(wanted).max(), rtol=0)


@pytest.mark.parametrize("name", ["mlp", "cnn8"])
def test_scalar_output_equals_neural_tangents(name, key):
    module, shape = ARCHITECTURES[name]
    module = module.clone(num_outputs=1)
    x = np.random.default_rng(0).normal(size=(4, *shape)).astype(np.float32)
    variables, apply = initialise(module, key, x), apply_function(module)
    found, wanted = (
        empirical_ntk(apply, variables, x, output="scalar", engine=engine)
        for engine in ("layerwise", "neural_tangents")
    )
    np.testing.assert_allclose(found, wanted, atol=1e-5 * np.abs(wanted).max(), rtol=0)


@pytest.mark.parametrize("chunk", [1, 2, 9])
def test_any_chunk_and_batch_give_the_same_kernel(chunk, key):
    """Chunks of rows, batches and cross kernels against one batch in one chunk."""
    module, shape = ARCHITECTURES["cnn"]
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(5, *shape)).astype(np.float32), rng.integers(0, 3, 5)
    variables, apply = initialise(module, key, x), apply_function(module)
    whole = empirical_ntk(apply, variables, x, y, engine=LayerwiseEngine(chunk=5))
    engine = LayerwiseEngine(chunk=chunk)
    for output, batch_size in (("label", 5), ("label", 2), ("trace", 3)):
        found = empirical_ntk(
            apply, variables, x, y, engine=engine, output=output, batch_size=batch_size
        )
        if output == "label":
            np.testing.assert_allclose(found, whole, atol=1e-5)
        np.testing.assert_array_equal(found, found.T)
    cross = empirical_ntk(
        apply, variables, x[:2], y[:2], other_inputs=x, other_labels=y, engine=engine
    )
    np.testing.assert_allclose(cross, whole[:2], atol=1e-5)


def test_float64_is_kept(key):
    module, shape = ARCHITECTURES["cnn"]
    with jax.enable_x64(True):
        x = np.random.default_rng(0).normal(size=(3, *shape))
        variables, apply = initialise(module, key, x), apply_function(module)
        found, wanted = (
            empirical_ntk(apply, variables, x, output="trace", engine=engine)
            for engine in ("layerwise", "neural_tangents")
        )
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, wanted, rtol=1e-12)


def test_engine_that_is_not_fit_is_refused():
    with pytest.raises(ValueError, match="survey: wanted an engine fit"):
        LayerwiseEngine().memory_cost(
            Network(ARCHITECTURES["mlp"][0].apply, "label", "all"), {}, np.ones((1, 6))
        )


@pytest.mark.parametrize("name", ["cnn", "vgg11"])
def test_bfloat16_is_near_and_semidefinite(name, key):
    """Entries within 0.4 % of √(K_ii K_jj), as 8 bits allow; no eigenvalue clearly below zero."""
    module, shape = ARCHITECTURES[name]
    inputs = np.random.default_rng(0).normal(size=(6, *shape)).astype(np.float32)
    variables, apply = initialise(module, key, inputs), apply_function(module)
    labels = np.arange(6) % 3
    full = empirical_ntk(apply, variables, inputs, labels, engine=LayerwiseEngine())
    half = LayerwiseEngine(precision="bfloat16")
    near = empirical_ntk(apply, variables, inputs, labels, engine=half)
    scale = np.sqrt(np.outer(np.diag(full), np.diag(full)))
    assert 0 < np.abs((near - full) / scale).max() < 4e-3
    assert np.linalg.eigvalsh(near.astype(np.float64)).min() > -1e-5 * np.trace(near)
    np.testing.assert_array_equal(near, near.T)


@pytest.mark.parametrize("batch_size", [2, 5])
@pytest.mark.parametrize("name", ["cnn", "cnn8"])
def test_logits_apart_or_together_give_the_same_trace(name, batch_size, key):
    """Six logits in 1, 2, 3 or 6 passes; the mean over them of each one's label kernel."""
    module, shape = ARCHITECTURES[name]
    module = module.clone(num_outputs=6)
    x = np.random.default_rng(0).normal(size=(5, *shape)).astype(np.float32)
    variables, apply = initialise(module, key, x), apply_function(module)
    one_logit = [
        empirical_ntk(apply, variables, x, np.full(5, logit), engine="layerwise")
        for logit in range(6)
    ]
    network = Network(apply, "trace", "weights")
    rows = make_rows(network, x, None)
    plan = make_plan("layerwise", network, variables, rows, batch_size=batch_size)
    assert plan.num_passes == 1
    for logits_per_pass in (1, 2, 3, 6):
        engine = plan.engine.with_logits(logits_per_pass, block_size=5)
        some = plan._replace(engine=engine, num_passes=engine.num_passes(6, network))
        assert some.num_passes == 6 // logits_per_pass
        found = symmetric_gram(some, variables, rows, InProcess((None,)))
        np.testing.assert_allclose(found, np.mean(one_logit, axis=0), rtol=1e-5, atol=1e-6)


def test_less_memory_takes_fewer_logits_a_pass(key):
    module = MLP((300, 300), num_outputs=6)
    x = np.ones((40, 20), np.float32)
    variables, apply = initialise(module, key, x), apply_function(module)
    network = Network(apply, "trace", "all")
    rows = make_rows(network, x, None)
    least = make_plan("layerwise", network, variables, rows).peak_bytes
    passes = [
        make_plan("layerwise", network, variables, rows, memory=memory).num_passes
        for memory in (f"{size}MiB" for size in (514, 1030, 4096))
    ]
    assert passes[0] == 6 >= passes[1] >= passes[2] == 1, (passes, least)


@pytest.mark.parametrize("precision", ["full", "bfloat16"])
@pytest.mark.parametrize("output", ["label", "trace"])
def test_the_way_of_accelerators_gives_the_same(output, precision, key, monkeypatch):
    """What a GPU or TPU multiplies goes through XLA; here it runs on the CPU all the same."""
    module, shape = ARCHITECTURES["cnn8"]
    x = np.random.default_rng(0).normal(size=(5, *shape)).astype(np.float32)
    variables, apply = initialise(module, key, x), apply_function(module)
    settings = {"output": output, "engine": LayerwiseEngine(precision=precision), "batch_size": 3}
    wanted = empirical_ntk(apply, variables, x, np.arange(5) % 3, **settings)
    monkeypatch.setattr("jax.default_backend", lambda: "gpu")
    found = empirical_ntk(apply, variables, x, np.arange(5) % 3, **settings)
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5 * np.abs(wanted).max())
