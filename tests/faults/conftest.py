"""Runs that commands go on from, and a bench for faults, made once."""

import pytest

from tests.faults.bench import WORKS, Bench
from tests.faults.inputs import save_runs
from tests.faults.overrides import RAW


@pytest.fixture(scope="session")
def saved(tmp_path_factory):
    """Folder of saved runs."""
    return save_runs(tmp_path_factory.mktemp("saved"), RAW)


@pytest.fixture(scope="session")
def bench(tmp_path_factory):
    """Where faults are tried, for tests that are quick: few samples, and no run to time them."""
    folder = tmp_path_factory.mktemp("bench")
    return Bench.make(folder, samples=300, seconds=dict.fromkeys(WORKS, 3.0))


@pytest.fixture(scope="session")
def long_bench(tmp_path_factory):
    """Where faults are tried at leisure."""
    return Bench.make(tmp_path_factory.mktemp("long_bench"))
