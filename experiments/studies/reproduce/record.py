"""plan.json: every job with its estimate, state and time, written whole after each change."""

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

from davinz_jax.files import write_whole
from experiments.runtime import outputs

FILE = "plan.json"
State = Literal["waiting", "running", "stopped", "failed", "finished"]


@dataclass
class Entry:
    """What is known of a job.

    Attributes:
        estimate: seconds that it should take here.
        worth: answers that it gives.
        question: what it answers.
        command: as a person types it.
        state: stopped is by the time or a signal; what was trained is kept.
        seconds: spent so far, in all calls.
        calls: times that it was begun.
        finished: moment at which it ended, if it has.
    """

    estimate: float
    worth: float
    question: str
    command: str
    state: State = "waiting"
    seconds: float = 0.0
    calls: int = 0
    finished: str = ""

    @property
    def worth_an_hour(self) -> float:
        """By which jobs are ordered."""
        return 3600 * self.worth / self.estimate


@dataclass
class Record:
    """The file of a plan.

    Attributes:
        path: where it is.
        entries: by job.
        speeds: of this machine, as measured.
        device: what jobs ran on.
    """

    path: Path
    entries: dict[str, Entry] = field(default_factory=dict)
    speeds: Mapping[str, float] = field(default_factory=dict)
    device: str = ""

    def write(self) -> None:
        """Write the file whole."""
        write_whole(self.path.parent, {self.path.name: outputs.result_writer(self.content())})

    def content(self) -> dict[str, Any]:
        """What the file holds."""
        return {
            "device": self.device,
            "speeds": dict(self.speeds),
            "actual_over_estimated": self.accuracy(),
            "jobs": {name: asdict(entry) for name, entry in self.entries.items()},
        }

    def accuracy(self) -> float | None:
        """Median over finished jobs of time taken over time estimated; None before the first."""
        done = [e for e in self.entries.values() if e.state == "finished" and e.seconds]
        return float(np.median([e.seconds / e.estimate for e in done])) if done else None

    def settle(self, name: str, state: State, seconds: float = 0.0) -> None:
        """Note how a job ended, and write the file."""
        entry = self.entries[name]
        entry.state, entry.seconds = state, round(entry.seconds + seconds, 1)
        entry.finished = time.strftime("%Y-%m-%d %H:%M") if state == "finished" else ""
        self.write()


def read_record(path: Path) -> Record:
    """What a plan's file holds; an empty record where there is none, or a damaged one."""
    try:
        content = outputs.read_result(path)
        entries = {name: Entry(**entry) for name, entry in content["jobs"].items()}
        return Record(path, entries, content["speeds"], content["device"])
    except (OSError, ValueError, KeyError, TypeError):
        return Record(path)
