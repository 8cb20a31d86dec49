"""Where a command's work is done, and by how many threads: the options `cluster` and `threads`."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from omegaconf import DictConfig, OmegaConf

from experiments.runtime.errors import InputError

AUTO = "auto"


@contextmanager
def placed(cfg: DictConfig) -> Iterator[None]:
    """Context in which the work of a command is done where, and as, its options say.

    Raises:
        InputError: for threads that are no number, an extra that is missing, or a cluster that
            is not there or has no room.
    """
    from davinz_jax.linalg.threads import use_threads
    from experiments.runtime.nodes import make, plain

    threads = read_threads(OmegaConf.select(cfg, "threads", default=AUTO))
    settings = plain(cfg).get("cluster") or {}
    with use_threads(threads), ExitStack() as stack:
        if "_target_" in settings:
            try:
                stack.enter_context(make("cluster", settings)())
            except ImportError as error:
                raise InputError(f"cluster: {error}") from error
        yield


def read_threads(threads: Any) -> int | None:
    """Threads of one unit of work; None for auto.

    Raises:
        InputError: for anything but auto and numbers from 1.
    """
    if threads == AUTO:
        return None
    if isinstance(threads, bool) or not isinstance(threads, int) or threads < 1:
        raise InputError(f"threads: wanted 1 or more, or auto, got {threads!r}; 1 is the least")
    return threads
