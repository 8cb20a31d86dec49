"""Faults from outside: nothing is lost but what is told, and nothing wrong is accepted."""

import numpy as np
import pytest

from tests.faults.bench import is_same
from tests.faults.faults import FAULTS, damage

MOUNTS = ("file system of a random size", "file system for reading only")
DEAR = (
    "memory limited to a random size",
    "two processes in one store",
    "SIGTERM at a random moment",
    "SIGINT at a random moment",
    "two processes in one folder",
)


def check(kind, bench, number):
    """Try a fault, and tell all that did not hold."""
    try:
        trial = FAULTS[kind](bench, np.random.default_rng(number))
    except OSError as error:
        if kind in MOUNTS:
            pytest.skip(str(error))
        raise
    assert not trial.findings, "\n".join(trial.findings)


@pytest.mark.parametrize("kind", [kind for kind in FAULTS if kind not in DEAR])
def test_fault(kind, bench):
    check(kind, bench, 1)


@pytest.mark.slow
@pytest.mark.parametrize("kind", FAULTS)
def test_many_faults(kind, long_bench):
    for number in range(2, 8):
        check(kind, long_bench, number)


def test_damage_is_one_byte(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(bytes(range(100)))
    damage(path, np.random.default_rng(0))
    changed = [old != new for old, new in enumerate(path.read_bytes())]
    assert sum(changed) == 1


@pytest.mark.parametrize(
    ("found", "wanted", "expected"),
    [
        ({"a": [1.0]}, {"a": [1.0 + 1e-12]}, True),
        ({"a": [1.0]}, {"a": [1.0 + 1e-6]}, False),
        ({"a": [1.0]}, {"a": [1.0, 2.0]}, False),
        ({}, {"a": []}, False),
    ],
)
def test_sameness(found, wanted, expected):
    assert is_same(found, wanted) == expected
