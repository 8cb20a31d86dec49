"""Commands run in this process, in one of their own, or in a fork that has imported them."""

import contextlib
import io
import multiprocessing
import os
import resource
import runpy
import signal
import subprocess
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
MOST_SECONDS = 60.0
"""CPU time after which a command that runs in this process hangs."""

PATIENCE = 300.0
"""Time after which one of another process hangs, on a machine with other work."""

PRELOADED = ["experiments.studies.value", "experiments.studies.score", "experiments.studies.payout",
             "experiments.studies.collect", "experiments.studies.detect.run",
             "experiments.report.plots", "sklearn.datasets", "tests.faults.commands"]  # fmt: skip


class Hang(BaseException):
    """A command took longer than any should."""


@dataclass(frozen=True)
class Outcome:
    """How a command ended.

    Attributes:
        code: exit status; negative for a signal; None if it hung.
        message: what it wrote to the error stream.
        printed: what it wrote to the output.
        seconds: how long it took.
    """

    code: int | None
    message: str
    printed: str
    seconds: float


def run_here(command: str, arguments: Sequence[str]) -> Outcome:
    """Run `python -m experiments.COMMAND ARGUMENTS` in this process."""
    printed, message, began = io.StringIO(), io.StringIO(), time.monotonic()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(message):
        code = _run(command, arguments, message)
    return Outcome(code, message.getvalue(), printed.getvalue(), time.monotonic() - began)


def _run(command: str, arguments: Sequence[str], message: io.StringIO) -> int | None:
    """Exit status as the interpreter would have it; errors are told to the error stream."""
    try:
        with _as_command_line(command, arguments), _limited(MOST_SECONDS):
            runpy.run_module(f"experiments.{command}", run_name="__main__", alter_sys=True)
        return 0
    except SystemExit as stopped:
        if stopped.code is None or isinstance(stopped.code, int):
            return stopped.code or 0
        message.write(f"{stopped.code}\n")
        return 1
    except Hang:
        traceback.print_exc(file=message)
        return None
    except BaseException:
        traceback.print_exc(file=message)
        return 1


@contextlib.contextmanager
def _as_command_line(command: str, arguments: Sequence[str]) -> Iterator[None]:
    """Arguments, environment, warnings and signals as a command finds them, and as before after."""
    kept = sys.argv, os.environ.get("HYDRA_FULL_ERROR"), os.getcwd()
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    sys.argv = [command, *arguments]
    os.environ["HYDRA_FULL_ERROR"] = "0"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("default")
            yield
    finally:
        sys.argv = kept[0]
        os.environ["HYDRA_FULL_ERROR"] = kept[1] or "0"
        os.chdir(kept[2])
        for number, handler in handlers.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _limited(seconds: float) -> Iterator[None]:
    """Raise `Hang` after so much CPU time."""

    def stop(*_: Any) -> None:
        raise Hang(f"no end after {seconds:.0f} s of CPU time")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def run_apart(command: str, arguments: Sequence[str]) -> Outcome:
    """Run `python -m experiments.COMMAND ARGUMENTS` as a person does."""
    began = time.monotonic()
    try:
        done = subprocess.run(
            [sys.executable, "-m", f"experiments.{command}", *arguments],
            cwd=ROOT, capture_output=True, text=True, check=False, timeout=PATIENCE,
        )  # fmt: skip
    except subprocess.TimeoutExpired as hung:
        return Outcome(None, str(hung.stderr), str(hung.stdout), PATIENCE)
    return Outcome(done.returncode, done.stderr, done.stdout, time.monotonic() - began)


Runner = Callable[[str, Sequence[str]], Outcome]
"""Runs a command on its arguments."""

# -- forks -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Started:
    """A command that runs in a process of its own, forked from one that has imported it.

    Attributes:
        process: its process.
        streams: ends of the pipes that it prints to, and writes errors to.
        began: when it was started.
    """

    process: BaseProcess
    streams: tuple[Connection, Connection]
    began: float

    def end(self, patience: float = PATIENCE) -> Outcome:
        """Wait until it ends."""
        self.process.join(patience)
        code = self.process.exitcode
        if code is None:
            self.process.kill()
            self.process.join()
        printed, message = (_read(stream) for stream in self.streams)
        return Outcome(code, message, printed, time.monotonic() - self.began)


def start(
    command: str,
    arguments: Sequence[str],
    *,
    memory_bytes: int | None = None,
) -> Started:
    """Start a command in a process of its own.

    Args:
        command: module of experiments/.
        arguments: of its command line.
        memory_bytes: bytes that it may use beyond those it has when it begins.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    readers, writers = zip(context.Pipe(duplex=False), context.Pipe(duplex=False), strict=True)
    process = context.Process(target=_main, args=(command, list(arguments), writers, memory_bytes))
    process.start()
    for writer in writers:
        writer.close()
    return Started(process, readers, time.monotonic())


def run_forked(command: str, arguments: Sequence[str]) -> Outcome:
    """Run a command in a process of its own until it ends."""
    return start(command, arguments).end()


def _read(stream: Connection) -> str:
    """All that was written to a pipe whose other end is closed."""
    with open(os.dup(stream.fileno()), "rb") as file:
        stream.close()
        return file.read().decode(errors="replace")


def _main(
    command: str,
    arguments: list[str],
    streams: tuple[Connection, Connection],
    memory_bytes: int | None,
) -> None:
    """What the process does: set its limits, then be the command."""
    for number, stream in enumerate(streams, start=1):
        os.dup2(stream.fileno(), number)
        stream.close()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if memory_bytes is not None:
        _limit_memory(memory_bytes)
    sys.argv = [command, *arguments]
    os.chdir(ROOT)
    runpy.run_module(f"experiments.{command}", run_name="__main__", alter_sys=True)


def _limit_memory(more: int) -> None:
    """Let this process have so many bytes more than it has."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    room = pages * resource.getpagesize() + more
    resource.setrlimit(resource.RLIMIT_AS, (room, room))


@contextlib.contextmanager
def no_larger_files(most: int) -> Iterator[None]:
    """Let no file of this process grow beyond so many bytes, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
