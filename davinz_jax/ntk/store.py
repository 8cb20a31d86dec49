"""Kernels on disk, tile by tile: what a killed run finished is kept, checked and used again.

A folder holds `kernel.npy`, memory-mapped, and `tiles.log`: first a fingerprint of everything the
kernel depends on, then the name and checksum of each finished tile. On opening, a tile whose
checksum does not hold counts as unfinished; another fingerprint is refused.
"""

import hashlib
import json
import os
import zlib
from pathlib import Path
from typing import Any

import jax
import numpy as np

from davinz_jax.ntk.engine import Plan
from davinz_jax.ntk.outputs import Rows
from davinz_jax.types import Variables

Region = tuple[slice | int, ...]
"""Where a tile lies in the stored array."""


class KernelStore:
    """An array on disk that is filled tile by tile; open one by `open_store`."""

    def __init__(self, folder: Path, array: np.memmap, finished: dict[str, int]) -> None:
        """Hold an open array and the checksums of its finished tiles."""
        self.folder, self.array, self._finished = folder, array, finished

    def is_finished(self, name: str, region: Region) -> bool:
        """Whether a tile was finished before, and is as it was then."""
        return self._finished.get(name) == _checksum(self.array[region])

    def finish(self, name: str, region: Region) -> None:
        """Note that a tile, already in the array, is finished."""
        self._finished[name] = _checksum(self.array[region])
        with (self.folder / "tiles.log").open("a") as log:
            log.write(json.dumps([name, self._finished[name]]) + "\n")


def open_store(
    folder: str | os.PathLike[str], *, shape: tuple[int, ...], dtype: Any, fingerprint: str
) -> KernelStore:
    """A new store in a folder, or the one that is there.

    Raises:
        ValueError: if the folder holds a kernel of other rows, weights or settings.
    """
    path = Path(folder)
    path.mkdir(parents=True, exist_ok=True)
    log, data = path / "tiles.log", path / "kernel.npy"
    if not log.exists():
        array = np.lib.format.open_memmap(data, "w+", dtype=dtype, shape=shape)
        temporary = log.with_suffix(".tmp")
        temporary.write_text(fingerprint + "\n")
        os.replace(temporary, log)
        return KernelStore(path, array, {})
    found, *lines = log.read_text().splitlines()
    if found != fingerprint:
        raise ValueError(
            f"store: wanted an empty folder or this very kernel begun, got another one's in "
            f"{path}; name another folder, or delete this one"
        )
    return KernelStore(path, np.lib.format.open_memmap(data, "r+"), _entries(lines))


def fingerprint(plan: Plan, drawn: list[Variables], rows: Rows, partition: np.ndarray) -> str:
    """Hash of everything a kernel depends on, tile sizes included."""
    settings = [plan.engine.name, plan.batch_size, plan.network.output, plan.network.counted]
    digest = hashlib.sha256(json.dumps([*settings, jax.__version__]).encode())
    for array in (rows.inputs, rows.labels, partition, *jax.tree.leaves(drawn)):
        values = np.ascontiguousarray(array)
        digest.update(f"{values.dtype.str}{values.shape}".encode())
        digest.update(values.data)
    return digest.hexdigest()


def _entries(lines: list[str]) -> dict[str, int]:
    """Finished tiles of a log, whose last line may be cut off."""
    entries = {}
    for line in lines:
        try:
            name, checksum = json.loads(line)
        except ValueError:
            continue
        entries[name] = checksum
    return entries


def _checksum(tile: np.ndarray) -> int:
    """Checksum of a tile's bytes, row by row."""
    value = 0
    for row in tile.reshape(-1, tile.shape[-1]) if tile.flags.c_contiguous else tile:
        value = zlib.crc32(np.ascontiguousarray(row).data, value)
    return value
