"""Kernels on disk: resumed after a kill, to the same bytes."""

import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from davinz_jax.ntk.store import open_store

SCRIPT = """
import os, signal, sys
import jax, numpy as np
from davinz_jax.data.dataset import Dataset
from davinz_jax.models import MLP, apply_function
from davinz_jax.ntk import tangent_kernel

folder, kill_at = sys.argv[1], int(sys.argv[2])
rng = np.random.default_rng(0)
inputs = rng.normal(size=(30, 6)).astype(np.float32)
data = Dataset(inputs, rng.integers(0, 3, 30), "classification", 3, inputs[:2])
module = MLP((8, 7), num_outputs=3)
variables = [module.init(jax.random.key(seed), inputs) for seed in (0, 1)]
seen = []

def progress(done, total, stage):
    seen.append(done)
    if len(seen) == kill_at:
        os.kill(os.getpid(), signal.SIGKILL)

kernel = tangent_kernel(
    apply_function(module), variables, data, batch_size=7, store=folder, progress=progress,
    num_blocks=int(sys.argv[3]), shuffle=False, output=sys.argv[4],
)
print(len(seen), kernel.blocks.shape)
"""


def run(folder, kill_at, num_blocks, output):
    """Run the script in another process."""
    arguments = [sys.executable, "-c", SCRIPT, str(folder), str(kill_at), str(num_blocks), output]
    return subprocess.run(arguments, capture_output=True, text=True)


@pytest.mark.parametrize(("num_blocks", "output"), [(1, "label"), (4, "trace")])
def test_a_killed_run_goes_on_to_the_same_bytes(tmp_path, num_blocks, output):
    """Killed after some tiles; the next run computes only the others."""
    whole = run(tmp_path / "whole", 0, num_blocks, output)
    assert whole.returncode == 0, whole.stderr
    killed = run(tmp_path / "killed", 6, num_blocks, output)
    assert killed.returncode == -signal.SIGKILL
    log = tmp_path / "killed" / "tiles.log"
    finished = len(log.read_text().splitlines()) - 1
    assert finished >= 5
    resumed = run(tmp_path / "killed", 0, num_blocks, output)
    assert resumed.returncode == 0, resumed.stderr
    entries = log.read_text().splitlines()
    assert len(entries) == len((tmp_path / "whole" / "tiles.log").read_text().splitlines())
    same = [(tmp_path / name / "kernel.npy").read_bytes() for name in ("whole", "killed")]
    assert same[0] == same[1]


def test_a_changed_tile_counts_as_unfinished(tmp_path):
    region = (slice(0, 2), slice(0, 2))
    store = open_store(tmp_path, shape=(4, 4), dtype=np.float32, fingerprint="a")
    assert not store.is_finished("t", region)
    store.array[region] = 1
    store.finish("t", region)
    again = open_store(tmp_path, shape=(4, 4), dtype=np.float32, fingerprint="a")
    assert again.is_finished("t", region)
    again.array[0, 0] = 2
    assert not again.is_finished("t", region)


def test_a_log_cut_off_is_read_as_far_as_it_goes(tmp_path):
    region = (slice(0, 2), slice(0, 2))
    store = open_store(tmp_path, shape=(4, 4), dtype=np.float32, fingerprint="a")
    store.finish("t", region)
    with (tmp_path / "tiles.log").open("a") as log:
        log.write('["u", 12')
    again = open_store(tmp_path, shape=(4, 4), dtype=np.float32, fingerprint="a")
    assert again.is_finished("t", region)
    assert not again.is_finished("u", region)


def test_refuses_another_kernels_folder(tmp_path):
    open_store(tmp_path, shape=(4, 4), dtype=np.float32, fingerprint="a")
    with pytest.raises(ValueError, match="store: wanted an empty folder"):
        open_store(tmp_path, shape=(4, 4), dtype=np.float32, fingerprint="b")
    assert os.listdir(tmp_path)
