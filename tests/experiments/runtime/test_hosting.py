"""The command `value` in two processes that share the kernels."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from experiments.runtime.errors import InputError
from experiments.runtime.hosting import join
from experiments.runtime.schema.value import Hosts

ROOT = Path(__file__).parents[2]
OPTIONS = ("data=digits", "data.num_rows=40", "data.num_validation_rows=20",
           "num_initialisations=2", "model=mlp_table", "model.widths=[8]",
           "ntk.num_blocks=3", "second_opinion=false")  # fmt: skip


def started(folder: Path, *more: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "experiments.value", *OPTIONS, f"hydra.run.dir={folder}"]
    return subprocess.Popen(
        [*command, *more], cwd=ROOT, text=True, env={**os.environ, "JAX_PLATFORMS": "cpu"},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def test_two_processes_give_the_values_of_one(tmp_path):
    """Process 0 writes what a run alone writes; process 1 writes nothing."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        where = f"hosts.coordinator=127.0.0.1:{free.getsockname()[1]}"
    runs = [started(tmp_path / "alone")]
    runs += [
        started(tmp_path / f"{n}", where, "hosts.num_processes=2", f"hosts.process_id={n}")
        for n in (0, 1)
    ]
    texts = [run.communicate(timeout=180)[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0, 0], texts
    alone, shared = (pd.read_csv(tmp_path / name / "values.csv") for name in ("alone", "0"))
    pd.testing.assert_frame_equal(shared, alone)
    assert "kernels done; process 0 has them" in texts[2]
    assert not (tmp_path / "1").exists()


def test_bad_input_of_one_process_is_told_to_the_other(tmp_path):
    """Process 1 lacks the file; process 0, waiting for its share, ends with that reason."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        where = f"hosts.coordinator=127.0.0.1:{free.getsockname()[1]}"
    options = (where, "hosts.num_processes=2", "hosts.patience=10")
    runs = [
        started(tmp_path / "0", *options, "hosts.process_id=0"),
        started(tmp_path / "1", *options, "hosts.process_id=1", "data=arrays", "data.path=no.npz",
                "~data.num_validation_rows"),
    ]  # fmt: skip
    texts = [run.communicate(timeout=180)[0] for run in runs]
    assert [run.returncode for run in runs] == [1, 1], texts
    assert "no.npz" in texts[1]
    assert "error: hosts: process 1 ended with" in texts[0]
    assert not (tmp_path / "0").exists()


def test_one_process_has_no_number(tmp_path):
    with (
        pytest.raises(InputError, match="hosts.num_processes: wanted 2 or more with a process_id"),
        join(tmp_path, Hosts(process_id=0)),
    ):
        pass
    with join(tmp_path, Hosts()) as is_first:
        assert is_first
