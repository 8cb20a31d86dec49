"""Checks on an accelerator: `pytest --run-gpu -m gpu`.

They are skipped where JAX sees the processor alone; DAVINZ_CHECK_ANY_DEVICE=1 runs them there all
the same, to see that they run at all before an accelerator is borrowed.
"""

import json
import os
import subprocess
import sys

import jax
import numpy as np
import pytest

from davinz_jax.data.dataset import Dataset, Validation
from davinz_jax.models import CNN, MLP, apply_function, initialise, resnet18
from davinz_jax.ntk import LayerwiseEngine, empirical_ntk, tangent_kernel
from davinz_jax.training import Schedule, train, train_many
from tests.ntk.test_golden import MODELS, OUTPUTS, complexity_and_eigenvalue, find_case, load_case

pytestmark = [pytest.mark.gpu, pytest.mark.usefixtures("accelerator")]

ANYWHERE = "DAVINZ_CHECK_ANY_DEVICE"
MEMORY = """
import json, jax, numpy as np
from davinz_jax.models import CNN, apply_function, initialise
from davinz_jax.ntk import empirical_ntk
rows = np.random.default_rng(0).normal(size=(2000, 28, 28, 1)).astype(np.float32)
module = CNN(num_outputs=10)
variables = initialise(module, jax.random.key(0), rows[:1])
empirical_ntk(apply_function(module), variables, rows, output="trace", memory="1GiB")
stats = jax.devices()[0].memory_stats() or {}
print(json.dumps(stats.get("peak_bytes_in_use")))
"""


@pytest.fixture(scope="module")
def accelerator():
    """The first device; skips where it is the processor."""
    if jax.default_backend() == "cpu" and os.environ.get(ANYWHERE) != "1":
        pytest.skip("needs an accelerator: JAX sees the processor alone")
    return jax.devices()[0]


@pytest.fixture
def images():
    """Sixteen small images of three classes."""
    draw = np.random.default_rng(0)
    inputs = draw.normal(size=(16, 8, 8, 1)).astype(np.float32)
    targets = draw.integers(0, 3, 16)
    return Dataset(inputs, targets, "classification", 3, Validation(inputs[:4], targets[:4]))


def relative(found, wanted):
    """Largest difference, of the largest entry."""
    return np.abs(np.asarray(found) - wanted).max() / np.abs(wanted).max()


@pytest.mark.parametrize("name", list(MODELS))
def test_golden_cases_in_float64(golden, name):
    case = find_case(golden, name)
    with jax.enable_x64(True):
        dataset, model, variables = load_case(golden, case)
        kernel = tangent_kernel(
            apply_function(model), [variables], dataset, output=OUTPUTS[case["mode"]],
            engine="layerwise",
        )  # fmt: skip
        found = complexity_and_eigenvalue(kernel, case["ridge"])
    wanted = [case["complexity_blocks1"], case["min_eigenvalue_blocks1"]]
    np.testing.assert_allclose(found, wanted, rtol=1e-6)


@pytest.mark.parametrize("name", list(MODELS))
def test_golden_cases_in_float32(golden, name):
    """No shortened products: a thousandth of the kernel's largest entry is already too much."""
    case = find_case(golden, name)
    with jax.enable_x64(True):
        dataset, model, variables = load_case(golden, case)
        output = OUTPUTS[case["mode"]]
        options = {"output": output, "engine": "layerwise"}
        arrays = dataset.inputs[:40], dataset.targets[:40]
        wanted = empirical_ntk(apply_function(model), variables, *arrays, **options)
    short = jax.tree.map(lambda leaf: np.asarray(leaf, np.float32), (variables, arrays[0]))
    found = empirical_ntk(apply_function(model), short[0], short[1], arrays[1], **options)
    assert relative(found, np.asarray(wanted)) < 1e-4


@pytest.mark.parametrize("module", [CNN(num_outputs=3), MLP(widths=(16,), num_outputs=3)])
@pytest.mark.parametrize("output", ["label", "trace"])
def test_both_engines_give_one_kernel(images, key, module, output):
    variables = initialise(module, key, images.inputs[:1])
    found, wanted = (
        empirical_ntk(
            apply_function(module), variables, images.inputs, images.targets,
            output=output, engine=engine,
        )
        for engine in ("layerwise", "neural_tangents")
    )  # fmt: skip
    assert relative(found, np.asarray(wanted)) < 1e-4


def test_a_deep_network_has_one_kernel_in_blocks_and_whole(key):
    rows = np.random.default_rng(0).normal(size=(8, 32, 32, 3)).astype(np.float32)
    module = resnet18(num_outputs=10)
    variables, targets = initialise(module, key, rows[:1]), np.arange(8) % 10
    data = Dataset(rows, targets, "classification", 10, Validation(rows[:1], targets[:1]))
    whole, halves = (
        tangent_kernel(
            apply_function(module), [variables], data, num_blocks=num, shuffle=False
        ).blocks
        for num in (1, 2)
    )
    assert relative(halves[0, 0], whole[0, 0, :4, :4]) < 1e-4


def test_bfloat16_is_near_the_full_precision(images, key):
    module = CNN(num_outputs=3)
    variables = initialise(module, key, images.inputs[:1])
    arguments = apply_function(module), variables, images.inputs, images.targets
    short = empirical_ntk(*arguments, engine=LayerwiseEngine(precision="bfloat16"))
    assert relative(short, np.asarray(empirical_ntk(*arguments, engine="layerwise"))) < 0.03


def test_training_is_that_of_the_processor(images, key):
    """Twenty epochs of full batches, on the device and on the processor."""
    module = CNN(num_outputs=3)
    schedule = Schedule(0.05, 16, 0.0, 20, 20)
    losses = []
    for device in (jax.devices()[0], jax.devices("cpu")[0]):
        with jax.default_device(device):
            variables = initialise(module, key, images.inputs[:1])
            losses.append(train(module, variables, images, schedule=schedule, key=key).losses)
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-2)
    assert losses[0][-1] < losses[0][0]


def test_networks_side_by_side_are_those_trained_alone(images, key):
    module = CNN(num_outputs=3)
    variables = initialise(module, key, images.inputs[:1])
    schedule = Schedule(0.05, 8, 0.0, 5, 5)
    sets = [np.arange(size) for size in (4, 9, 16)]
    together, alone = (
        [each.losses for each in train_many(module, variables, images, sets, schedule=schedule,
                                            key=key, group_size=size)]
        for size in (3, 1)
    )  # fmt: skip
    np.testing.assert_allclose(together, alone, rtol=1e-2)


def test_memory_stays_within_the_plan(accelerator):
    """A process of its own, bound to 1 GiB, for 2,000 rows of ten outputs."""
    env = os.environ | {"XLA_PYTHON_CLIENT_PREALLOCATE": "false"}
    done = subprocess.run(
        [sys.executable, "-c", MEMORY], capture_output=True, text=True, env=env, timeout=300,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    peak = json.loads(done.stdout.splitlines()[-1])
    if peak is None:
        pytest.skip(f"{accelerator.platform} does not say what memory was used")
    assert peak < 1.25 * 2**30
