"""The folder of a job: whether it is finished there, in use, or to be gone on with.

Finished means that it holds the result of these very arguments. The job's output goes to a file
that stays locked as long as a process of the job lives, so that a plan which was killed finds those
of its jobs that go on without it.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from davinz_jax.files import write_whole
from experiments.runtime import outputs
from experiments.studies.reproduce.jobs import Job

OUTPUT = "output.txt"
PLACES = ("overwrite=", "ntk.store=", "hydra.")
"""Arguments that say where files lie; they change no number."""


@dataclass(frozen=True)
class JobFolder:
    """A job's place within the plan's.

    Attributes:
        job: the job.
        path: its folder.
    """

    job: Job
    path: Path

    def read(self) -> dict[str, Any] | None:
        """The job's result, if it is there, whole, and of these arguments."""
        try:
            content = outputs.read_result(self.path / outputs.RESULT)
        except (OSError, ValueError):
            return None
        return content if deciding(content.get("overrides", ())) == self.decided else None

    @property
    def decided(self) -> list[str]:
        """Arguments that change what the job gives."""
        return deciding(self.job.arguments)

    @property
    def is_finished(self) -> bool:
        """Whether nothing is left to be done."""
        return self.read() is not None

    def more_arguments(self) -> list[str]:
        """What is added to the command: a result of other arguments, or a damaged one, goes."""
        is_there = self.job.is_experiment and (self.path / outputs.RESULT).exists()
        return ["overwrite=true"] if is_there else []

    def open_output(self) -> IO[bytes] | None:
        """The file that the job's process writes to, locked; None while a process of it lives."""
        self.path.mkdir(parents=True, exist_ok=True)
        file = (self.path / OUTPUT).open("ab")
        if _lock(file):
            return file
        file.close()
        return None

    def last_lines(self, number: int = 8) -> list[str]:
        """The end of what the job's processes have said."""
        with suppress(OSError):
            text = (self.path / OUTPUT).read_text(errors="replace")
            return [line for line in text.splitlines() if line.strip()][-number:]
        return []

    def leave_result(self, seconds: float) -> None:
        """Write result.json for a job whose module leaves none."""
        if (self.path / outputs.RESULT).exists() and self.job.is_experiment:
            return
        content = {
            "experiment": self.job.module,
            "overrides": list(self.job.arguments),
            "seconds": {"all": round(seconds, 1)},
            "versions": outputs.versions(),
            "said": self.last_lines(),
        }
        write_whole(self.path, {outputs.RESULT: outputs.result_writer(content)})


def deciding(arguments: Sequence[str]) -> list[str]:
    """The arguments that change a number."""
    return [text for text in arguments if not text.startswith(PLACES)]


def _lock(file: IO[bytes]) -> bool:
    """Lock a file for this process and those that inherit it; whether that was possible."""
    try:
        import fcntl
    except ImportError:  # a system without locks
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except OSError:
        return False
