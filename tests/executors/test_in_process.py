"""Several devices give what one gives; tried with four virtual ones in another process."""

import os
import subprocess
import sys
import threading

import jax
import pytest

from davinz_jax.executors import InProcess, in_process
from davinz_jax.linalg.threads import use_threads

SCRIPT = """
import jax, numpy as np
jax.config.update("jax_enable_x64", True)
jax.config.update("jax_disable_most_optimizations", True)
assert len(jax.devices()) == 4
from davinz_jax.data.dataset import Dataset, Validation
from davinz_jax.models import MLP, apply_function, initialise
from davinz_jax.ntk import empirical_ntk, tangent_kernel

rng = np.random.default_rng(0)
inputs = rng.normal(size=(19, 6))
data = Dataset(inputs, rng.integers(0, 3, 19), "classification", 3, Validation(inputs[:2]))
module = MLP((4,), num_outputs=3)
variables, apply = initialise(module, jax.random.key(0), inputs), apply_function(module)
with jax.default_device(jax.devices()[0]):
    dense = empirical_ntk(apply, variables, inputs, data.targets, engine="layerwise")
used = set()
for engine in ("layerwise", "neural_tangents"):
    kernel = tangent_kernel(
        apply, [variables], data, num_blocks=6, key=jax.random.key(1), engine=engine,
        progress=lambda done, total, stage: used.add((done, total)),
    )
    for rows, block in zip(kernel.rows, kernel.blocks[0]):
        real = rows >= 0
        wanted = dense[np.ix_(rows[real], rows[real])]
        np.testing.assert_allclose(block[np.ix_(real, real)], wanted, rtol=1e-10, atol=1e-12)
    whole = tangent_kernel(apply, [variables], data, engine=engine, batch_size=5)
    np.testing.assert_allclose(whole.blocks[0, 0], dense, rtol=1e-10, atol=1e-12)
assert (6, 6) in used
"""


def test_four_devices_give_what_one_gives():
    flags = "--xla_force_host_platform_device_count=4"
    environment = {**os.environ, "XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr


def test_tasks_are_done_side_by_side_where_units_have_one_thread():
    """Two tasks meet each other, which one after the other could not."""
    meeting = threading.Barrier(2, timeout=20)
    executor = InProcess((None, None))
    found = executor.map(lambda task: meeting.wait() and task or task, range(4))
    assert sorted(found) == [(task, task) for task in range(4)]


def test_cores_do_a_task_each_where_units_have_one_thread(monkeypatch):
    monkeypatch.setattr(in_process, "num_cores", lambda: 3)
    assert InProcess().num_places == len(jax.local_devices())
    with use_threads(1):
        assert InProcess().num_places == 3 or len(jax.local_devices()) > 1
        assert InProcess((None,)).num_places == 1


@pytest.mark.parametrize("devices", [(None,), (None, None)])
def test_the_first_error_ends_the_tasks(devices):
    done = []

    def work(task):
        if task == 1:
            raise ValueError("rows: wanted some, got none")
        done.append(task)

    with pytest.raises(ValueError, match="rows: wanted some"):
        list(InProcess(devices).map(work, range(100)))
    assert len(done) < 50


def test_tasks_are_taken_as_places_become_free():
    taken = []
    found = InProcess((None, None)).map(
        lambda task: task, (taken.append(i) or i for i in range(100))
    )
    next(found)
    assert len(taken) <= 6
    found.close()
