"""Kernels on disk, tile by tile: what a killed run finished is kept, checked and used again.

A folder holds `kernel.npy`, memory-mapped, and `tiles.log`: first what the kernel is of (see
`identity`), then the name and checksum of each finished tile, written once the tile itself is on
disk. The array's room on the disk is taken first, for a memory map that runs out of it ends the
process without a word. On opening, a tile whose checksum does not hold counts as unfinished; a
folder of another kernel is refused and left as it is.
"""

import errno
import json
import math
import os
import shutil
import threading
import zlib
from collections.abc import Mapping
from pathlib import Path
from types import EllipsisType

import numpy as np
from jaxtyping import Shaped
from numpy.typing import DTypeLike

from davinz_jax.files import DAMAGED, write_bytes, write_whole
from davinz_jax.ntk.execution.memory import in_mebibytes

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

Region = tuple[slice | int | EllipsisType, ...]
"""Where a tile lies in the stored array."""


class KernelStore:
    """An array on disk that is filled tile by tile; open one by `open_store`."""

    def __init__(self, folder: Path, array: np.memmap, finished: dict[str, int]) -> None:
        """Hold an open array and the checksums of its finished tiles."""
        self.folder, self.array, self._finished = folder, array, finished
        self._lock = threading.Lock()

    def is_finished(self, name: str, region: Region) -> bool:
        """Whether a tile was finished before, and is as it was then."""
        return self._finished.get(name) == _checksum(self.array[region])

    def finish(self, name: str, region: Region) -> None:
        """Note that a tile, already in the array, is finished, once it has reached the disk."""
        checksum = _checksum(self.array[region])
        self.array.flush()
        with self._lock, (self.folder / "tiles.log").open("a") as log:
            log.write(json.dumps([name, checksum]) + "\n")
            log.flush()
            os.fsync(log.fileno())
            self._finished[name] = checksum


def open_store(
    folder: str | os.PathLike[str],
    *,
    shape: tuple[int, ...],
    dtype: DTypeLike,
    identity: Mapping[str, str],
) -> KernelStore:
    """A new store in a folder, or the one that is there.

    Raises:
        ValueError: if the folder holds a kernel of another identity, or one without its log, or
            its disk has no room; the text names the folder and what differs.
    """
    path = Path(folder)
    path.mkdir(parents=True, exist_ok=True)
    log, data = path / "tiles.log", path / "kernel.npy"
    is_new = not log.exists()
    if is_new:
        if data.exists():
            raise ValueError(
                f"store: wanted an empty folder or this very kernel begun, got a kernel without "
                f"its tiles.log in {path}; name another folder, or delete this one"
            )
        write_bytes(log, (json.dumps(dict(identity)) + "\n").encode())
    text = log.read_text(errors="replace")  # a damaged line is that of no tile
    if not text.endswith("\n"):  # the line that a kill cut off stays a line of its own
        with log.open("a") as cut:
            cut.write("\n")
    first, *lines = text.splitlines() or [""]
    _check_identity(path, first, identity)
    try:
        array = _open_array(data, shape, dtype)
    except OSError as error:
        if is_new:
            log.unlink()
        raise _without_room(path, shape, dtype, error) from error
    return KernelStore(path, array, _entries(lines))


def _without_room(
    path: Path, shape: tuple[int, ...], dtype: DTypeLike, error: OSError
) -> Exception:
    """What to say where the array cannot be made: the room that it needs, if that is the reason."""
    if error.errno not in _NO_ROOM:
        return error
    wanted = in_mebibytes(math.prod(shape) * np.dtype(dtype).itemsize)
    free = in_mebibytes(shutil.disk_usage(path).free)
    return ValueError(
        f"store: wanted {wanted} on the disk of {path}, got {free} free ({error.strerror}); free "
        "some, name a folder on another disk, or leave the store out"
    )


def _check_identity(path: Path, found: str, wanted: Mapping[str, str]) -> None:
    """Refuse the folder of another kernel, naming what differs."""
    try:
        held = dict(json.loads(found))
    except (ValueError, TypeError):
        held = {}
    differing = [name for name in {**wanted, **held} if wanted.get(name) != held.get(name)]
    if differing:
        raise ValueError(
            f"store: wanted an empty folder or this very kernel begun, got another one's in "
            f"{path}, of other {', '.join(differing)}; name another folder, or delete this one"
        )


def _open_array(data: Path, shape: tuple[int, ...], dtype: DTypeLike) -> np.memmap:
    """The array of a store; made anew, of zeros, where the file is missing or no such array."""
    try:
        array = np.lib.format.open_memmap(data, "r+")
        if array.shape == shape and array.dtype == dtype:
            _reserve(data)
            return array
    except FileNotFoundError:
        pass
    except OSError:
        raise
    except DAMAGED:
        pass

    def zeros(path: Path) -> None:
        np.lib.format.open_memmap(path, "w+", dtype=dtype, shape=shape).flush()
        _reserve(path)

    write_whole(data.parent, {data.name: zeros})
    return np.lib.format.open_memmap(data, "r+")


def _reserve(path: Path) -> None:
    """Take the whole file's room on the disk, where the system can; what is written stays.

    Raises:
        OSError: if there is no room.
    """
    if not hasattr(os, "posix_fallocate"):
        return
    with path.open("r+b") as file:
        try:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
        except OSError as error:
            if error.errno in _NO_ROOM:
                raise


def _entries(lines: list[str]) -> dict[str, int]:
    """Finished tiles of a log, whose last line may be cut off."""
    entries = {}
    for line in lines:
        try:
            name, checksum = json.loads(line)
            entries[name] = checksum
        except (ValueError, TypeError):
            continue
    return entries


def _checksum(tile: Shaped[np.ndarray, "..."]) -> int:
    """Checksum of a tile's bytes, row by row."""
    value = 0
    for row in tile.reshape(-1, tile.shape[-1]) if tile.flags.c_contiguous else tile:
        value = zlib.crc32(np.ascontiguousarray(row).data, value)
    return value
