"""Jobs run one after the other, or several at once, within a time.

A job is begun if its estimate fits the time that is left, or if none has ended in this call. At the
end of the time those that run are told to stop; what they have trained is kept.
"""

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import IO

from experiments.runtime import console
from experiments.studies.reproduce.folders import JobFolder
from experiments.studies.reproduce.jobs import KERNELS
from experiments.studies.reproduce.record import Record, State

GRACE_SECONDS = 10.0
"""Time in which a job that is told to stop may tidy up."""

LOOK_SECONDS = 0.2


@dataclass
class Running:
    """A job's process.

    Attributes:
        folder: of the job.
        process: what does it.
        began: moment, by the schedule's clock.
    """

    folder: JobFolder
    process: "subprocess.Popen[bytes]"
    began: float

    @property
    def name(self) -> str:
        """The job's."""
        return self.folder.job.name


@dataclass
class Schedule:
    """A call of a plan.

    Attributes:
        record: of the plan; its order is that of the jobs.
        folders: of all jobs, by name.
        jobs: processes at once.
        deadline: moment at which the call ends; infinite for never.
        clock: gives the moment.
        running: processes at work.
        ended: jobs that ended in this call, as they were begun.
        waiting: jobs that are to be begun.
    """

    record: Record
    folders: dict[str, JobFolder]
    jobs: int
    deadline: float
    clock: Callable[[], float] = time.monotonic
    running: list[Running] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)

    def run(self) -> None:
        """Run what fits; leaves no process behind, however it ends."""
        self.waiting = list(self._unfinished())
        try:
            while self._advance():
                time.sleep(LOOK_SECONDS)
        finally:
            self._stop_all()

    def _unfinished(self) -> Iterator[str]:
        """Jobs to be done in their order, those that failed before at the end."""
        entries = self.record.entries
        left = [name for name in entries if not self._note_finished(name)]
        yield from sorted(left, key=lambda name: entries[name].state == "failed")

    def _note_finished(self, name: str) -> bool:
        is_finished = self.folders[name].is_finished
        if is_finished and self.record.entries[name].state != "finished":
            self.record.settle(name, "finished")
        return is_finished

    def _advance(self) -> bool:
        """Settle what ended and begin what may be; whether there is anything to wait for."""
        for run in [run for run in self.running if run.process.poll() is not None]:
            self._settle(run)
        if self.clock() >= self.deadline:
            return False
        held = False
        for name in [name for name in self.waiting if self._fits(name)]:
            if len(self.running) >= self.jobs:
                break
            held |= not self._begin(name)
        return bool(self.running) or held

    def _fits(self, name: str) -> bool:
        left = self.deadline - self.clock()
        return not self.ended or self.record.entries[name].estimate <= left

    def _begin(self, name: str) -> bool:
        """Start a job's process; False while one of an earlier call still works there."""
        folder, entry = self.folders[name], self.record.entries[name]
        output = folder.open_output()
        if output is None:
            return False
        self.waiting.remove(name)
        with output:
            if folder.is_finished:  # by the process that was waited for
                self.record.settle(name, "finished")
                return True
            run = Running(folder, _start(folder, output), self.clock())
        self.running.append(run)
        entry.state, entry.calls = "running", entry.calls + 1
        self.record.write()
        console.say(f"{name}: begun, about {duration(entry.estimate)}; {entry.question}")
        return True

    def _settle(self, run: Running) -> None:
        self.running.remove(run)
        seconds = self.clock() - run.began
        succeeded = run.process.returncode == 0
        if succeeded:
            run.folder.leave_result(seconds)
            shutil.rmtree(run.folder.path / KERNELS, ignore_errors=True)
        self._end(run, "finished" if succeeded else "failed", seconds)
        if not succeeded:
            console.note(f"{run.name} failed; the last it said, of {run.folder.path}:")
            for line in run.folder.last_lines():
                console.say(f"    {line}")

    def _end(self, run: Running, state: State, seconds: float) -> None:
        self.ended.append(run.name)
        self.record.settle(run.name, state, seconds)
        taken = duration(self.record.entries[run.name].seconds)
        console.say(f"{run.name}: {state} after {taken}")

    def _stop_all(self) -> None:
        for run in self.running:
            run.process.terminate()
        limit = time.monotonic() + GRACE_SECONDS
        for run in list(self.running):
            _wait(run, limit)
            self.running.remove(run)
            state: State = "finished" if run.folder.is_finished else "stopped"
            self._end(run, state, self.clock() - run.began)


def _start(folder: JobFolder, output: IO[bytes]) -> "subprocess.Popen[bytes]":
    command = folder.job.command(folder.path, *folder.more_arguments())
    output.write(f"$ {folder.job.typed(folder.path)}\n".encode())
    output.flush()
    return subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
    )


def _wait(run: Running, limit: float) -> None:
    """Wait until a process ends; end it where it does not."""
    try:
        run.process.wait(max(limit - time.monotonic(), 0.1))
    except subprocess.TimeoutExpired:
        run.process.kill()
        run.process.wait()


def duration(seconds: float) -> str:
    """A time in the unit that fits it.

    >>> duration(50), duration(600), duration(9000)
    ('50 s', '10 min', '2.5 h')
    """
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
