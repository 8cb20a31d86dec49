"""How often each kind of input and fault was tried, what came of it, and what was found; resumes.

A tally is one JSON file, replaced as a whole after every batch, so that a long run which is killed
loses a batch at most.
"""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from davinz_jax.files import write_bytes

Counts = dict[str, dict[str, int]]
"""Kind -> ending -> how often."""


@dataclass
class Tally:
    """What a long run has tried so far.

    Attributes:
        path: its file.
        counts: part (inputs, command line, networks, faults) -> kind -> ending -> how often.
        findings: what was found and shows still, with the input that shows it.
        mended: what was found, and did not show when its input was tried again.
        batches: batches done, by part.
        seconds: time spent, by part.
        about: versions and machine.
    """

    path: Path
    counts: dict[str, Counts] = field(default_factory=dict)
    findings: list[dict[str, Any]] = field(default_factory=list)
    mended: list[dict[str, Any]] = field(default_factory=list)
    batches: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    about: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def open(cls, path: Path) -> "Tally":
        """The tally of a file, or a new one."""
        return cls(path, **json.loads(path.read_text())) if path.exists() else cls(path)

    def take(self, other: "Tally") -> None:
        """Add what another run has tried."""
        for part, kinds in other.counts.items():
            for kind, endings in kinds.items():
                mine = self.counts.setdefault(part, {}).setdefault(kind, {})
                for ending, count in endings.items():
                    mine[ending] = mine.get(ending, 0) + count
        for mine, theirs in ((self.batches, other.batches), (self.seconds, other.seconds)):
            for part, number in theirs.items():
                mine[part] = mine.get(part, 0) + number
        self.findings += other.findings
        self.mended += other.mended
        commits = sorted({*self.about.get("commits", ()), *other.about.get("commits", ())})
        self.about |= other.about | {"commits": commits}

    def add(self, part: str, kind: str, ending: str) -> None:
        """Count one trial."""
        endings = self.counts.setdefault(part, {}).setdefault(kind, {})
        endings[ending] = endings.get(ending, 0) + 1

    def find(self, part: str, kind: str, text: str, **shown_by: Any) -> None:
        """Keep what was found, and what shows it."""
        self.findings.append({"part": part, "kind": kind, "text": text, **shown_by})

    def total(self, part: str) -> int:
        """Trials of a part."""
        return sum(sum(ends.values()) for ends in self.counts.get(part, {}).values())

    def tried(self, part: str, kind: str) -> int:
        """Trials of a kind."""
        return sum(self.counts.get(part, {}).get(kind, {}).values())

    def end_batch(self, part: str, seconds: float) -> None:
        """Count a batch, and write the file."""
        self.batches[part] = self.batches.get(part, 0) + 1
        self.seconds[part] = round(self.seconds.get(part, 0.0) + seconds, 1)
        self.save()

    def save(self) -> None:
        """Write the file."""
        content = {name: value for name, value in asdict(self).items() if name != "path"}
        write_bytes(self.path, (json.dumps(content, indent=1) + "\n").encode())
