"""The executor that is current: that of the innermost context, or this process."""

from collections.abc import Iterator
from contextlib import contextmanager

from davinz_jax.executors.base import Executor
from davinz_jax.executors.in_process import InProcess, cores_at_once

_current: list[Executor] = []


def current_executor() -> Executor:
    """The executor of the innermost context; this process where there is none."""
    return _current[-1] if _current else InProcess()


def host_executor() -> Executor:
    """The current executor for work of the host: of this process, its cores and not its devices."""
    current = current_executor()
    return current if current.is_remote else InProcess((None,) * cores_at_once())


@contextmanager
def use_executor(executor: Executor) -> Iterator[Executor]:
    """Context in which an executor is the current one, in every thread of this process."""
    _current.append(executor)
    try:
        yield executor
    finally:
        _current.remove(executor)
