"""Two processes share a kernel over loopback and end with one process's bytes, or both end."""

import os
import socket
import subprocess
import sys

import numpy as np
import pytest

from davinz_jax.ntk import join_hosts
from davinz_jax.ntk.hosts import _packed, share_out

SCRIPT = """
import os, pathlib, signal, sys, time
import jax
jax.config.update("jax_disable_most_optimizations", True)
import numpy as np
from davinz_jax.data.dataset import Dataset, Validation
from davinz_jax.models import MLP, apply_function, initialise
from davinz_jax.ntk import hosts, join_hosts, tangent_kernel

mode, folder, number = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3])
if mode == "slurm":
    join_hosts(patience=5)
elif mode != "alone":
    join_hosts(sys.argv[4], num_processes=2, process_id=number, patience=5)
hosts._BUFFER_BYTES = 100  # several rounds
rng = np.random.default_rng(number if mode == "other" else 0)
inputs = rng.normal(size=(19, 6)).astype(np.float32)
data = Dataset(inputs, rng.integers(0, 3, 19), "classification", 3, Validation(inputs[:4]))
module = MLP((4,), num_outputs=3)
drawn = [initialise(module, key, inputs) for key in jax.random.split(jax.random.key(0), 2)]

if mode == "leaving" and number == 1:
    sys.exit(0)

def progress(done, total, stage):
    if number == 1 and done == 2:
        if mode == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        if mode == "failing":
            raise OSError("disk full")
    if mode in ("killed", "failing"):
        time.sleep(0.3)

found = {}
for name, options in {
    "blocks": dict(num_blocks=6, store=folder / "blocks"),
    "dense": dict(batch_size=5, output="trace", with_validation=True, store=folder / "dense"),
    "reference": dict(engine="neural_tangents", num_blocks=3),
}.items():
    kernel = tangent_kernel(
        apply_function(module), drawn, data, key=jax.random.key(1), progress=progress, **options
    )
    parts = ("blocks", "residual", "validation_kernel", "validation_outputs")
    found |= {f"{name} {part}": np.asarray(getattr(kernel, part)) for part in parts
              if getattr(kernel, part) is not None}
np.savez(folder / f"{mode}-{number}.npz", **found)
"""


def started(mode, folder, number, port):
    """One process of the script."""
    slurm = {
        "SLURM_JOB_ID": str(port), "SLURM_STEP_NODELIST": "localhost", "SLURM_NTASKS": "2",
        "SLURM_PROCID": str(number), "SLURM_LOCALID": str(number), "SLURM_STEP_NUM_NODES": "1",
    }  # fmt: skip
    environment = {**os.environ, "JAX_PLATFORMS": "cpu", **(slurm if mode == "slurm" else {})}
    arguments = [mode, str(folder), str(number), f"127.0.0.1:{port}"]
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment,
    )  # fmt: skip


def run_two(mode, folder):
    """Exit status and output of both processes."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    processes = [started(mode, folder, number, port) for number in (0, 1)]
    texts = [process.communicate(timeout=120)[0] for process in processes]
    return [process.returncode for process in processes], texts


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """What one process computes."""
    folder = tmp_path_factory.mktemp("alone")
    process = started("alone", folder, 0, 0)
    text = process.communicate(timeout=120)[0]
    assert process.returncode == 0, text
    return dict(np.load(folder / "alone-0.npz"))


def check_same(alone, folder, mode):
    for number in (0, 1):
        found = np.load(folder / f"{mode}-{number}.npz")
        assert set(found) == set(alone)
        for name, wanted in alone.items():
            assert found[name].tobytes() == wanted.tobytes(), (number, name)


@pytest.mark.parametrize("mode", ["given", "slurm"])
def test_two_processes_end_with_the_bytes_of_one(alone, tmp_path, mode):
    codes, texts = run_two(mode, tmp_path)
    assert codes == [0, 0], texts
    check_same(alone, tmp_path, mode)


def test_a_killed_process_ends_the_other_and_both_go_on_from_their_tiles(alone, tmp_path):
    codes, texts = run_two("killed", tmp_path)
    assert codes == [1, -9], texts
    assert "error: hosts: process 1 was not heard for 5 s; start all processes again" in texts[0]
    logs = [tmp_path / "blocks" / f"process-{number}-of-2" / "tiles.log" for number in (0, 1)]
    before = [log.read_text() for log in logs]
    codes, texts = run_two("given", tmp_path)
    assert codes == [0, 0], texts
    check_same(alone, tmp_path, "given")
    assert all(log.read_text().startswith(text) for log, text in zip(logs, before, strict=True))


def test_an_error_in_one_process_is_told_to_the_other(tmp_path):
    codes, texts = run_two("failing", tmp_path)
    assert codes == [1, 1], texts
    assert "error: hosts: process 1 ended with OSError: disk full" in texts[0]
    assert "OSError: disk full" in texts[1]


def test_a_process_that_leaves_early_is_told_of(tmp_path):
    codes, texts = run_two("leaving", tmp_path)
    assert codes[0] == 1, texts
    assert "got process 1 that left before; let every process make the same calls" in texts[0]


def test_other_data_is_refused_by_name(tmp_path):
    codes, texts = run_two("other", tmp_path)
    assert codes == [1, 1], texts
    assert all("got other rows; start all of them with the same data" in text for text in texts)
    assert not list(tmp_path.rglob("kernel.npy"))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"coordinator": "a:1"}, "num_processes: wanted coordinator, num_processes and process_id"),
        ({"coordinator": "a", "num_processes": 2, "process_id": 0}, "wanted address:port, got 'a'"),
        (
            {"coordinator": "a:1", "num_processes": 2, "process_id": 2},
            "process_id: wanted 0..1 of 2 processes, got 2",
        ),
        (
            {"coordinator": "a:1", "num_processes": 2, "process_id": 1, "patience": 0},
            "patience: wanted a positive number",
        ),
        ({}, "join_hosts: wanted a call before any other JAX work"),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings, message, key):
    with pytest.raises(ValueError, match=message):
        join_hosts(**settings)


def test_no_cluster_is_refused():
    code = "import davinz_jax.ntk as n; n.join_hosts()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert "coordinator: wanted an address such as 10.0.0.1:9876, or a cluster's" in done.stderr


@pytest.mark.parametrize("num_processes", [1, 2, 3, 5])
def test_every_piece_has_one_process(num_processes):
    shares = share_out(13, num_processes)
    assert sorted(piece for share in shares for piece in share) == list(range(13))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_packs_hold_every_array_within_the_capacity():
    arrays = [np.zeros(size, np.uint8) for size in (3, 4, 1, 8, 2, 2)]
    packs = _packed(arrays, 8)
    assert [[array.nbytes for array in pack] for pack in packs] == [[3, 4, 1], [8], [2, 2]]
