"""Files that are whole or not there.

Each is written beside its place, brought to the disk, and moved there in one step; so that at any
moment, also after a kill, either the old or the new content is found.
"""

import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

Writer = Callable[[Path], object]
"""Writes one file at the path it is given."""


def write_whole(folder: Path, writers: Mapping[str, Writer]) -> None:
    """Write several files of one folder, which is made if it is not there.

    If a writer fails, none of them appears. They are moved in order, so that the last one seals the
    others; earlier files of the same names are replaced.

    Args:
        folder: where.
        writers: what writes each file, by its name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".writing-", dir=folder) as scratch:
        for name, writer in writers.items():
            writer(Path(scratch, name))
            _sync(Path(scratch, name))
        for name in writers:
            os.replace(Path(scratch, name), folder / name)


def write_bytes(path: Path, content: bytes) -> None:
    """Write one file."""
    write_whole(path.parent, {path.name: lambda scratch: scratch.write_bytes(content)})


def _sync(path: Path) -> None:
    """Wait until a file has reached the disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
