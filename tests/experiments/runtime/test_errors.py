"""What is said of errors that a person can mend: options, and the file system."""

import errno
import os

import pytest

from experiments.runtime.app import CONFIG_FOLDER
from experiments.runtime.errors import explain, known_keys, memory_by_name


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (
            errno.ENOSPC,
            "wanted room for a file, got none (No space left on device, error 28); free",
        ),
        (errno.EROFS, "error 30); change its permissions, or name another folder"),
        (errno.EEXIST, "wanted a folder, got a file of this name (File exists, error 17); name"),
        (errno.EIO, "error 5); see to the disk"),
    ],
)
def test_errors_of_the_file_system_carry_a_remedy(number, words):
    error = OSError(number, os.strerror(number), "some/place")
    said = explain(error, CONFIG_FOLDER, "value", [])
    assert said.startswith("some/place: wanted ")
    assert words in said


def test_too_little_memory_carries_a_remedy():
    said = explain(MemoryError("Unable to allocate 3.6 TiB"), CONFIG_FOLDER, "value", [])
    assert said.startswith("memory: wanted room")
    assert "3.6 TiB" in said
    assert "ntk.num_blocks" in said


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (RuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating 9 bytes"), MemoryError),
        (SystemError("<function f> returned NULL without setting an exception"), MemoryError),
        (RuntimeError("a fault of ours"), RuntimeError),
    ],
)
def test_lack_of_memory_is_told_apart(error, kind):
    with pytest.raises(kind, match=str(error)[:9]), memory_by_name():
        raise error


def test_known_options_are_those_of_the_command():
    assert {"data.path", "ntk.ridge", "value.level", "overwrite"} <= known_keys(
        CONFIG_FOLDER, "value"
    )
    assert "training" not in known_keys(CONFIG_FOLDER, "value")
    assert {"training", "training.optimizer"} & known_keys(CONFIG_FOLDER, "comparison")
