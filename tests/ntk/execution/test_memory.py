"""Sizes of memories, read and written."""

import pytest

from davinz_jax.ntk.execution.memory import (
    device_memory,
    host_memory,
    in_mebibytes,
    parse_bytes,
)


@pytest.mark.parametrize(
    ("memory", "wanted"),
    [(5, 5), ("7", 7), ("4GiB", 4 * 2**30), ("2 kB", 2000), ("1.5mib", 1572864)],
)
def test_sizes_in_units(memory, wanted):
    assert parse_bytes(memory) == wanted


@pytest.mark.parametrize("memory", ["4 gigs", "", "GiB", "1.2.3MB", "-4GiB", 0, -1])
def test_refuses_what_is_no_size(memory):
    with pytest.raises(ValueError, match="memory: wanted"):
        parse_bytes(memory)


@pytest.mark.parametrize(("size", "wanted"), [(0, "0MiB"), (1, "1MiB"), (2**20 + 1, "2MiB")])
def test_mebibytes_are_rounded_up(size, wanted):
    """So that a size that is said to do does."""
    assert in_mebibytes(size) == wanted
    assert parse_bytes(in_mebibytes(size + 1)) >= size


def test_a_cpu_has_the_hosts_memory(monkeypatch):
    assert device_memory() == host_memory() > 2**28


def test_an_accelerator_says_its_limit(monkeypatch):
    class Device:
        def memory_stats(self):
            return {"bytes_limit": 7 * 2**30}

    monkeypatch.setattr("jax.local_devices", lambda: [Device()])
    assert device_memory() == 7 * 2**30
