"""What a person sees while a command runs: stages with progress and time left, then tables."""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from davinz_jax.plots import printable
from experiments.runtime.program import as_typed

CONSOLE = Console(highlight=False, soft_wrap=True)
_QUIET_SECONDS = 10.0
LOG_WIDTH = 200
"""Most columns of a table outside a terminal; it takes what it needs."""


@dataclass
class _Stage:
    name: str
    task: TaskID
    began: float
    nested: float = 0.0
    last_line: float = 0.0


class Stages:
    """Named stages of one run: each is timed, and shows its progress and time left.

    A stage may hold others; its seconds leave theirs out, so that all seconds add up. In a
    terminal a bar moves; elsewhere a line is printed at most every ten seconds, so that a log
    stays readable.
    """

    def __init__(self, console: Console = CONSOLE) -> None:
        self.seconds: dict[str, float] = {}
        self._console = console
        self._open: list[_Stage] = []
        self._bars = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time one stage; stages of the same name add up."""
        now = time.monotonic()
        if not self._open:
            self._bars.start()
        self._open.append(_Stage(name, self._bars.add_task(name, total=None), now, last_line=now))
        try:
            yield
        finally:
            self._close()

    def _close(self) -> None:
        stage = self._open.pop()
        self._bars.remove_task(stage.task)
        elapsed = time.monotonic() - stage.began
        if self._open:
            self._open[-1].nested += elapsed
        else:
            self._bars.stop()
        own = elapsed - stage.nested
        self.seconds[stage.name] = round(self.seconds.get(stage.name, 0.0) + own, 3)
        self._console.print(f"{stage.name}: {own:.1f} s", style="dim", markup=False)

    def announce(self, forecast: object) -> None:
        """Print what a stage is expected to take before it begins."""
        self._console.print(f"{forecast}", style="dim", markup=False)

    def progress(self, done: int, total: int, stage: str) -> None:
        """Report `done` of `total` steps of what the innermost stage is doing now."""
        if not self._open:
            return
        current, now = self._open[-1], time.monotonic()
        self._bars.update(current.task, completed=done, total=total, description=stage)
        if not self._console.is_terminal and done and now - current.last_line > _QUIET_SECONDS:
            left = (now - current.began) * (total - done) / done
            text = f"{stage}: {done} of {total}, about {left:.0f} s left"
            self._console.print(text, markup=False)
            current.last_line = now


def table(title: str, headers: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table: the first column to the left, figures to the right; no cell is markup."""
    drawn = Table(header_style="bold")
    for index, header in enumerate(headers):
        drawn.add_column(_plain(header), justify="right" if index else "left", no_wrap=True)
    for row in rows:
        drawn.add_row(*map(_plain, row))
    wide = CONSOLE if CONSOLE.is_terminal else Console(highlight=False, width=LOG_WIDTH)
    wide.print(_plain(title), style="italic", soft_wrap=True)
    wide.print(drawn)


def note(text: str) -> None:
    """Print one line that a reader of the result should know."""
    CONSOLE.print(f"note: {printable(as_typed(text))}", style="yellow", markup=False)


def say(text: str) -> None:
    """Print one plain line."""
    CONSOLE.print(printable(as_typed(text)), markup=False)


def _plain(text: str) -> Text:
    """Text as it is, on one line."""
    return Text(printable(text).replace("\n", "\\n"))
