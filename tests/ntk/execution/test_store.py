"""Kernels on disk: resumed after a kill, to the same bytes."""

import signal
import subprocess
import sys
from unittest import mock

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from davinz_jax.data.dataset import Dataset, Validation
from davinz_jax.ntk import LayerwiseEngine, tangent_kernel
from davinz_jax.ntk.execution.store import open_store

SCRIPT = """
import os, signal, sys
import jax, numpy as np
from davinz_jax.data.dataset import Dataset, Validation
from davinz_jax.models import MLP, apply_function
from davinz_jax.ntk import tangent_kernel

folder, kill_at = sys.argv[1], int(sys.argv[2])
rng = np.random.default_rng(0)
inputs = rng.normal(size=(30, 6)).astype(np.float32)
data = Dataset(inputs, rng.integers(0, 3, 30), "classification", 3, Validation(inputs[:2]))
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
"""


def run(folder, num_blocks, output):
    """Run the script here, to its end."""
    with mock.patch.object(sys, "argv", ["", str(folder), "0", str(num_blocks), output]):
        exec(SCRIPT, {})


def run_and_kill(folder, num_blocks, output):
    """Run the script in another process, which is killed after its sixth tile."""
    arguments = [sys.executable, "-c", SCRIPT, str(folder), "6", str(num_blocks), output]
    return subprocess.run(arguments, capture_output=True, text=True)


@pytest.mark.parametrize(("num_blocks", "output"), [(1, "label"), (4, "trace")])
def test_a_killed_run_goes_on_to_the_same_bytes(tmp_path, num_blocks, output):
    """Killed after some tiles; the next run computes only the others."""
    run(tmp_path / "whole", num_blocks, output)
    killed = run_and_kill(tmp_path / "killed", num_blocks, output)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    log = tmp_path / "killed" / "tiles.log"
    finished = log.read_text().splitlines()
    assert len(finished) >= 6
    run(tmp_path / "killed", num_blocks, output)
    entries = log.read_text().splitlines()
    assert entries[: len(finished)] == finished
    assert len(entries) == len((tmp_path / "whole" / "tiles.log").read_text().splitlines())
    same = [(tmp_path / name / "kernel.npy").read_bytes() for name in ("whole", "killed")]
    assert same[0] == same[1]


REGION = (slice(0, 2), slice(0, 2))


def opened(folder, **identity):
    """A small store."""
    return open_store(folder, shape=(4, 4), dtype=np.float32, identity=identity or {"rows": "a"})


def test_a_changed_tile_counts_as_unfinished(tmp_path):
    store = opened(tmp_path)
    assert not store.is_finished("t", REGION)
    store.array[REGION] = 1
    store.finish("t", REGION)
    again = opened(tmp_path)
    assert again.is_finished("t", REGION)
    again.array[0, 0] = 2
    assert not again.is_finished("t", REGION)


def test_a_log_cut_off_is_read_as_far_as_it_goes(tmp_path):
    """And what is finished after the cut is found by the next run."""
    opened(tmp_path).finish("t", REGION)
    with (tmp_path / "tiles.log").open("a") as log:
        log.write('["u", 12')
    again = opened(tmp_path)
    assert again.is_finished("t", REGION)
    assert not again.is_finished("u", REGION)
    again.finish("u", REGION)
    assert opened(tmp_path).is_finished("u", REGION)


@pytest.mark.parametrize("line", [0, 1])
def test_a_damaged_log_is_no_error_of_ours(tmp_path, line):
    """Of the kernel's name it makes another's, of a tile's an unfinished one."""
    opened(tmp_path).finish("t", REGION)
    log = tmp_path / "tiles.log"
    lines = log.read_bytes().splitlines(keepends=True)
    lines[line] = lines[line][:3] + b"\x86" + lines[line][4:]
    log.write_bytes(b"".join(lines))
    if line == 0:
        with pytest.raises(ValueError, match="store: wanted an empty folder or this very kernel"):
            opened(tmp_path)
    else:
        assert not opened(tmp_path).is_finished("t", REGION)


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"cut off",
        lambda content: content.replace(b"}", b"{"),  # a TokenError of Python's
    ],
)
def test_a_lost_array_is_begun_anew(tmp_path, damage):
    store = opened(tmp_path)
    store.array[REGION] = 1
    store.finish("t", REGION)
    (tmp_path / "kernel.npy").write_bytes(damage((tmp_path / "kernel.npy").read_bytes()))
    assert not opened(tmp_path).is_finished("t", REGION)


def test_refuses_another_kernels_folder_and_keeps_it(tmp_path):
    opened(tmp_path, rows="a", output="label").array[0, 0] = 7
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(ValueError, match=f"in {tmp_path}, of other output;"):
        opened(tmp_path, rows="a", output="trace")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    (tmp_path / "tiles.log").unlink()
    with pytest.raises(ValueError, match=r"without its tiles\.log"):
        opened(tmp_path)


def test_a_disk_without_room_is_refused_before_anything_is_computed(tmp_path):
    """A file that may not grow stands for a full disk; a memory map would end in SIGBUS."""
    code = """
import resource, sys
import numpy as np
from davinz_jax.ntk.execution.store import open_store
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, 1 << 16))
try:
    open_store(sys.argv[1], shape=(300, 300), dtype=np.float32, identity={"rows": "a"})
except ValueError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert "store: wanted" in done.stdout
    assert "name a folder on another disk" in done.stdout
    assert not list(tmp_path.iterdir())


def test_the_whole_room_is_taken_at_once(tmp_path):
    """Blocks of 512 bytes, as the system counts them, hold the whole array."""
    open_store(tmp_path, shape=(600, 600), dtype=np.float32, identity={"rows": "a"})
    found = (tmp_path / "kernel.npy").stat()
    assert found.st_blocks * 512 >= 600 * 600 * 4


def scaled(factor):
    """A linear model, whose code alone holds its factor."""
    return lambda variables, inputs: factor * (inputs @ variables["params"]["kernel"])


@jax.custom_jvp
def identity(x):
    """The identity with twice its derivative."""
    return x


identity.defjvp(lambda primals, tangents: (primals[0], 2 * tangents[0]))


def other_gradient(variables, inputs):
    """The outputs of `scaled(1)` with another gradient."""
    return 1.0 * identity(inputs @ variables["params"]["kernel"])


@pytest.fixture(scope="module")
def small():
    """A dataset of 6 rows and weights."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(6, 4)).astype(np.float32)
    data = Dataset(x, rng.integers(0, 3, 6), "classification", 3, Validation(x[:2]))
    return data, {"params": {"kernel": jnp.asarray(rng.normal(size=(4, 3)), jnp.float32)}}


SCALED = scaled(1.0)


def kernel_of(small, folder, apply=SCALED, **options):
    """A stored kernel in tiles of two rows, without shuffling."""
    data, variables = small
    settings = {"engine": "layerwise", "batch_size": 2, "num_blocks": 1, "shuffle": False}
    return tangent_kernel(apply, [variables], data, store=folder, **(settings | options))


@pytest.fixture(scope="module")
def stored(small, tmp_path_factory):
    """Folder of a finished kernel."""
    folder = tmp_path_factory.mktemp("stored")
    kernel_of(small, folder)
    return folder


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"apply": scaled(2.0)}, "network"),
        ({"apply": other_gradient}, "network"),
        ({"engine": "neural_tangents"}, "engine, engine options"),
        ({"engine": LayerwiseEngine(chunk=3)}, "engine options"),
        ({"batch_size": 3}, "batch_size"),
        ({"output": "trace"}, "output"),
        ({"parameters": "all"}, "parameters"),
        ({"num_blocks": 2}, "blocks"),
    ],
)
def test_any_other_configuration_is_refused_by_name(small, stored, changed, named):
    with pytest.raises(ValueError, match=f"of other .*{named}"):
        kernel_of(small, stored, **changed)


def test_a_damaged_tile_alone_is_computed_again(small, tmp_path, monkeypatch):
    whole = np.array(kernel_of(small, tmp_path).blocks)
    stored = np.lib.format.open_memmap(tmp_path / "kernel.npy", "r+")
    stored[0, 0, 1, 4] += 1
    stored.flush()
    tiles = []
    contract = LayerwiseEngine.contract
    monkeypatch.setattr(
        LayerwiseEngine, "contract", lambda *args: tiles.append(args[3:]) or contract(*args)
    )
    np.testing.assert_array_equal(kernel_of(small, tmp_path).blocks, whole)
    assert len(tiles) == 1
