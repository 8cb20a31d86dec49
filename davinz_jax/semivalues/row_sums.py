"""Matrices of players × validation rows while they are added up: in memory, or on disk beyond it.

A matrix of 10,000 players and 1,000 validation rows takes 80 MB. Where those of one call would take
more than `MOST_BYTES`, they are temporary files, mapped into memory, which vanish with the process.
Checkpoints hold copies: files beside the checkpoint's own, named by the units that are in them.
They are written before the checkpoint that speaks of them and removed after the next one, so that a
run killed at any moment finds a pair.
"""

import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from jaxtyping import Float

from davinz_jax.files import DAMAGED, write_whole

MOST_BYTES = 2**30
"""Memory that the matrices of one call may take."""


class RowSums:
    """Sums by name, each (p, m), zero at first.

    Args:
        names: of the sums that a checkpoint holds.
        shape: p players and m validation rows.
        folder: where temporary files go, if there are any; None for the system's place.
        scratch: names of further matrices, which are zero whenever a checkpoint is written.
    """

    def __init__(
        self,
        names: Sequence[str],
        shape: tuple[int, int],
        *,
        folder: Path | None = None,
        scratch: Sequence[str] = (),
    ) -> None:
        every = [*names, *scratch]
        on_disk = len(every) * 8 * shape[0] * shape[1] > MOST_BYTES
        make = partial(_mapped, folder=folder) if on_disk else np.zeros
        self._arrays = {name: make(shape) for name in every}
        self._kept = tuple(names)

    def __getitem__(self, name: str) -> Float[np.ndarray, "p m"]:
        return self._arrays[name]

    def save(self, checkpoint: Path, units: int) -> None:
        """Write the sums beside a checkpoint that is about to be written."""
        writers = {
            path.name: partial(np.save, arr=self._arrays[name], allow_pickle=False)
            for name, path in self._paths(checkpoint, units)
        }
        write_whole(checkpoint.parent, writers)

    def forget_others(self, checkpoint: Path, units: int) -> None:
        """Remove sums of other checkpoints than the one that was just written."""
        kept = {path for _, path in self._paths(checkpoint, units)}
        for path in files_of(checkpoint):
            if path not in kept:
                path.unlink(missing_ok=True)

    def load(self, checkpoint: Path, units: int) -> None:
        """Take up the sums of a checkpoint.

        Raises:
            ValueError: if they are not there, or damaged.
        """
        for name, path in self._paths(checkpoint, units):
            try:
                self._arrays[name][...] = np.load(path, mmap_mode="r", allow_pickle=False)
            except DAMAGED as error:
                raise ValueError(
                    f"{path}: wanted sums by validation row that belong to {checkpoint.name}, got "
                    f"a missing or damaged file ({error}); restore it from a copy, or remove "
                    f"{checkpoint.name} to sample anew"
                ) from error

    def _paths(self, checkpoint: Path, units: int) -> Iterator[tuple[str, Path]]:
        for name in self._kept:
            yield name, checkpoint.with_name(f"{_stem(checkpoint)}{units}_{name}.npy")


def files_of(checkpoint: Path) -> list[Path]:
    """Files of sums that lie beside a checkpoint."""
    return sorted(checkpoint.parent.glob(f"{_stem(checkpoint)}*.npy"))


def _stem(checkpoint: Path) -> str:
    return f"{checkpoint.name}_rows_"


def _mapped(shape: tuple[int, int], *, folder: Path | None) -> np.memmap:
    with tempfile.TemporaryFile(dir=folder) as file:
        return np.memmap(file, np.float64, "w+", shape=shape)
