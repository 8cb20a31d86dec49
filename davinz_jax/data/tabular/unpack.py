"""Compressed files, recognised by their first bytes and unpacked whole in memory.

A file that unpacks to far more than tables do is refused before it fills the memory.
"""

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from davinz_jax.data.local import unreadable_file
from davinz_jax.data.tabular.options import AUTO

MARKS: Mapping[str, bytes] = {
    "gzip": b"\x1f\x8b",
    "bz2": b"BZh",
    "xz": b"\xfd7zXZ\x00",
    "zip": b"PK\x03\x04",
    "zstd": b"\x28\xb5\x2f\xfd",
}
"""First bytes of each kind."""

RATIO = 200
"""A table seldom unpacks to more than so many times its size."""

FREE = 2**28
"""Bytes that any file may unpack to."""

ERRORS = (EOFError, OSError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, RuntimeError,
          NotImplementedError)  # fmt: skip
"""What damaged or locked archives are refused with."""


def recognise(content: bytes) -> str:
    """How a file is packed, by its first bytes.

    >>> recognise(b"a,b"), recognise(gzip.compress(b"a,b"))
    ('none', 'gzip')
    """
    return next((kind for kind, mark in MARKS.items() if content.startswith(mark)), "none")


def unpack(path: Path, content: bytes, compression: str = AUTO) -> tuple[bytes, str]:
    """The contents of a file that may be packed, and how it is.

    Args:
        path: the file, for messages.
        content: its bytes.
        compression: its kind; `auto` recognises it.

    Raises:
        ValueError: if it is damaged, of another kind than was said, or unpacks to too much.
    """
    found = recognise(content)
    kind = found if compression == AUTO else compression
    if kind not in ("none", found):
        raise ValueError(
            f"compression: wanted that of {path}, which is {found} by its first bytes, got "
            f"{compression}; leave it auto"
        )
    if kind == "none":
        return content, kind
    try:
        with OPENERS[kind](path, content) as file:
            return _read_all(path, file, most=max(FREE, RATIO * len(content))), kind
    except ERRORS as error:
        raise damaged(path, kind, error) from error


def damaged(path: Path, kind: str, error: Exception) -> Exception:
    """The error for an archive that cannot be unpacked."""
    return unreadable_file(path, f"a whole {kind} file without a password", error)


def _read_all(path: Path, file: Any, most: int) -> bytes:
    """Everything in a file, up to so many bytes."""
    content = file.read(most + 1)
    if len(content) > most:
        raise ValueError(
            f"path: wanted a table, got {path}, which unpacks to more than "
            f"{most / 2**20:,.0f} MiB, {RATIO} times its size; unpack it by hand if it is one"
        )
    return content


def _open_zip(path: Path, content: bytes) -> Any:
    """The one file in an archive."""
    archive = zipfile.ZipFile(io.BytesIO(content))
    names = [name for name in archive.namelist() if not _is_aside(name)]
    if len(names) != 1:
        shown = ", ".join(names[:5]) or "none"
        raise ValueError(
            f"path: wanted one table in {path}, got {len(names)} files: {shown}; unpack it, and "
            "name the one that is meant"
        )
    return archive.open(names[0])


def _is_aside(name: str) -> bool:
    """Whether a member is a folder, or what macOS adds to an archive."""
    return name.endswith("/") or name.startswith("__MACOSX/")


def _open_zstd(path: Path, content: bytes) -> Any:
    import pyarrow

    return pyarrow.CompressedInputStream(pyarrow.BufferReader(content), "zstd")


OPENERS: Mapping[str, Callable[[Path, bytes], Any]] = {
    "gzip": lambda path, content: gzip.GzipFile(fileobj=io.BytesIO(content)),
    "bz2": lambda path, content: bz2.BZ2File(io.BytesIO(content)),
    "xz": lambda path, content: lzma.LZMAFile(io.BytesIO(content)),  # noqa: SIM115
    "zip": _open_zip,
    "zstd": _open_zstd,
}
"""What opens each kind."""
