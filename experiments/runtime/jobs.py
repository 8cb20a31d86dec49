"""Jobs of a sweep: what each was asked, and whose a line of its output is."""

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import TextIO

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode

ONE_BY_ONE = "basic"
"""Hydra's own launcher, whose jobs do not speak at once."""


def overrides() -> list[str]:
    """What was asked of the run that is going on, as it was typed; nothing outside a command."""
    return list(HydraConfig.get().overrides.task) if HydraConfig.initialized() else []


@contextmanager
def announced() -> Iterator[None]:
    """Begin a job of a sweep with what it was asked; of jobs that run at once, mark every line.

    A run by itself is not announced.
    """
    if HydraConfig.get().mode != RunMode.MULTIRUN:
        yield
        return
    mark = f"[{HydraConfig.get().job.num}]"
    if HydraConfig.get().runtime.choices["hydra/launcher"] == ONE_BY_ONE:
        sys.stdout.write(f"{mark} {' '.join(overrides())}\n")
        yield
        return
    marked = MarkedLines(sys.stdout, mark)
    with redirect_stdout(marked):
        sys.stdout.write(f"{' '.join(overrides())}\n")
        try:
            yield
        finally:
            marked.finish()


class MarkedLines(io.TextIOBase):
    """A stream that writes whole lines, each after a mark; no terminal, so that no bar moves.

    Args:
        stream: where lines go.
        mark: what each begins with.
    """

    def __init__(self, stream: TextIO, mark: str) -> None:
        self._stream, self._mark, self._begun = stream, mark, ""

    def write(self, text: str, /) -> int:
        """Write what lines are complete; the rest waits for its end."""
        *lines, self._begun = (self._begun + text).split("\n")
        if lines:
            self._stream.write("".join(f"{self._mark} {line}\n" for line in lines))
            self._stream.flush()
        return len(text)

    def finish(self) -> None:
        """End the last line, if one was begun."""
        if self._begun:
            self.write("\n")
