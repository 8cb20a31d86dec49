"""Files that are whole or not there.

Each is written beside its place, brought to the disk, and moved there in one step; so that at any
moment, also after a kill, either the old or the new content is found.
"""

import hashlib
import json
import os
import shutil
import struct
import tempfile
import tokenize
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

Writer = Callable[[Path], object]
"""Writes one file at the path it is given."""

SEAL = "seal"
"""Entry of a JSON document by which it is known again."""

DAMAGED = (
    OSError, ValueError, EOFError, TypeError, LookupError, SyntaxError, RuntimeError, OverflowError,
    struct.error, tokenize.TokenError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip
"""What NumPy and zipfile raise for a damaged file of arrays, at one place or another of it."""

_SCRATCH = ".writing-"


def write_whole(folder: Path, writers: Mapping[str, Writer]) -> None:
    """Write several files of one folder, which is made if it is not there.

    If a writer fails, none of them appears. They are moved in order, so that the last one seals the
    others; earlier files of the same names are replaced.

    Args:
        folder: where.
        writers: what writes each file, by its name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=_SCRATCH, dir=folder) as scratch:
        for name, writer in writers.items():
            writer(Path(scratch, name))
            _sync(Path(scratch, name))
        for name in writers:
            os.replace(Path(scratch, name), folder / name)


def write_bytes(path: Path, content: bytes) -> None:
    """Write one file."""
    write_whole(path.parent, {path.name: lambda scratch: scratch.write_bytes(content)})


def remove_unfinished(folder: Path) -> None:
    """Remove what killed processes had begun to write in a folder, which no other process uses."""
    for scratch in folder.glob(f"{_SCRATCH}*"):
        shutil.rmtree(scratch, ignore_errors=True)


def is_unfinished(path: Path) -> bool:
    """Whether a file lies among those that a process is writing, or was when it was killed."""
    return any(part.startswith(_SCRATCH) for part in path.parts)


def sealed(content: Mapping[str, Any]) -> dict[str, Any]:
    """A JSON document with its checksum, by which `read_json` knows it again."""
    return {**content, SEAL: _checksum(content)}


def read_json(
    path: Path,
    *,
    wanted: str,
    remedy: str,
    parse_constant: Callable[[str], Any] | None = None,
) -> Any:
    """What a JSON file of ours holds, without its seal; one that has none is taken as it is.

    Args:
        path: the file.
        wanted: what it should be, in words.
        remedy: what to do about a damaged one.
        parse_constant: as in `json.loads`.

    Raises:
        ValueError: naming the file, if it is damaged or was changed after it was sealed.
    """
    try:
        content = json.loads(path.read_bytes(), parse_constant=parse_constant)
    except (ValueError, RecursionError) as error:
        got = f"a damaged file ({error})"
        raise ValueError(f"{path}: wanted {wanted}, got {got}; {remedy}") from error
    seal = content.pop(SEAL, None) if isinstance(content, dict) else None
    if seal is not None and seal != _checksum(content):
        raise ValueError(f"{path}: wanted {wanted}, got one that was changed since; {remedy}")
    return content


def _checksum(content: Mapping[str, Any]) -> str:
    """Of a JSON document, whatever its white space and the order of its keys."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _sync(path: Path) -> None:
    """Wait until a file has reached the disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
