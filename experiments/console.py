"""What a person sees while a command runs: stages with progress and time left, then tables."""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

CONSOLE = Console(highlight=False, soft_wrap=True)
_QUIET_SECONDS = 10.0


class Stages:
    """Named stages of one run: each is timed, and shows its progress and time left.

    In a terminal a bar moves; elsewhere a line is printed at most every ten seconds, so that a log
    stays readable.
    """

    def __init__(self, console: Console = CONSOLE) -> None:
        self.seconds: dict[str, float] = {}
        self._console = console
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = None
        self._began = self._last_line = time.monotonic()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time one stage; stages of the same name add up."""
        self._began = self._last_line = time.monotonic()
        with self._progress:
            self._task = self._progress.add_task(name, total=None)
            try:
                yield
            finally:
                self._progress.remove_task(self._task)
                elapsed = time.monotonic() - self._began
                self.seconds[name] = round(self.seconds.get(name, 0.0) + elapsed, 3)
        self._console.print(f"[dim]{name}: {elapsed:.1f} s[/dim]")

    def progress(self, done: int, total: int, stage: str) -> None:
        """Report `done` of `total` steps of what the stage is doing now."""
        if self._task is not None:
            self._progress.update(self._task, completed=done, total=total, description=stage)
        now = time.monotonic()
        if not self._console.is_terminal and now - self._last_line > _QUIET_SECONDS and done:
            left = (now - self._began) * (total - done) / done
            self._console.print(f"{stage}: {done} of {total}, about {left:.0f} s left")
            self._last_line = now


def table(title: str, headers: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table: the first column to the left, figures to the right."""
    drawn = Table(title=title, title_justify="left", header_style="bold")
    for index, header in enumerate(headers):
        drawn.add_column(header, justify="right" if index else "left", no_wrap=True)
    for row in rows:
        drawn.add_row(*row)
    CONSOLE.print(drawn)


def note(text: str) -> None:
    """Print one line that a reader of the result should know."""
    CONSOLE.print(f"note: {text}", style="yellow", markup=False)


def say(text: str) -> None:
    """Print one plain line."""
    CONSOLE.print(text, markup=False)
