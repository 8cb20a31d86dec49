"""A run's folder while it is in use: one process writes there, and no result is lost in it.

The lock is the system's, on the folder itself, so that it leaves no file and ends with its process,
however that ends.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from davinz_jax.files import remove_unfinished
from experiments.runtime.errors import Taken
from experiments.runtime.outputs import RESULT

_TAKEN = (errno.EWOULDBLOCK, errno.EACCES)


@contextmanager
def claim(folder: Path, *, overwrite: bool, seal: str = RESULT) -> Iterator[Path]:
    """Hold a folder for this process, once it is seen to hold no result that would be lost.

    Args:
        folder: where the run writes; made if it is not there.
        overwrite: whether a result that it holds may be replaced.
        seal: file that says that the folder holds a result.

    Raises:
        Taken: if another process holds the folder, or it holds a result that is not to be replaced.
    """
    with hold(folder):
        refuse_overwriting(folder, overwrite=overwrite, seal=seal)
        yield folder


@contextmanager
def hold(folder: Path) -> Iterator[None]:
    """Hold a folder for this process, whatever it holds; nothing where the system has no locks.

    What a killed process had begun to write there is removed.

    Raises:
        Taken: if another process, or another run of this one, holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        if _lock(descriptor, folder):
            remove_unfinished(folder)
        yield
    finally:
        os.close(descriptor)


def refuse_overwriting(folder: Path, *, overwrite: bool, seal: str = RESULT) -> None:
    """Refuse a folder with a result, unless it may be replaced.

    Raises:
        Taken: naming the folder.
    """
    if not overwrite and (folder / seal).exists():
        raise Taken(
            f"hydra.run.dir: wanted a folder without a result, got {folder} with {seal}; name "
            "another folder, or set overwrite=true to replace it"
        )


def _lock(descriptor: int, folder: Path) -> bool:
    """Take a folder's lock; whether the system has it."""
    try:
        import fcntl
    except ImportError:  # a system without them
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except OSError as error:
        if error.errno in _TAKEN:
            raise Taken(
                f"hydra.run.dir: wanted a folder that no run is using, got {folder}, which another "
                "process writes to; name another folder, or wait for that run"
            ) from error
        return False
