"""Scores and trainings of sets, each kept in a file as soon as it is known."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from davinz_jax.files import write_whole
from experiments.runtime import outputs
from experiments.runtime.errors import InputError
from experiments.studies.trust.budget import Budget

FOLDER = "trained"


@dataclass
class Store:
    """What a run keeps in its folder, so that it can be gone on with.

    Attributes:
        folder: where the files lie.
        context: hash of all that decides them beside set and seed.
        budget: whose spending is noted in each.
    """

    folder: Path
    context: str
    budget: Budget

    def find(self, name: str, make: Callable[[], Mapping[str, Any]]) -> dict[str, Any]:
        """What was kept under a name, or is made now and kept."""
        path = self._path(name)
        if path.is_file():
            return outputs.read_piece(path)
        content = {**make(), "spent": round(self.budget.spent, 3)}
        write_whole(path.parent, {path.name: outputs.result_writer(content)})
        return content

    def has(self, name: str) -> bool:
        """Whether something was kept under a name."""
        return self._path(name).is_file()

    def go_on(self) -> None:
        """Count what runs before spent, and expect of the first step what their longest took."""
        found = self.folder.glob(f"*-{self.context}.json")
        moments = sorted(outputs.read_piece(path)["spent"] for path in found)
        if moments:
            self.budget.before += moments[-1]
            self.budget.first = max(b - a for a, b in pairwise([0.0, *moments]))

    def refuse_others(self) -> None:
        """Refuse a folder whose files are all of other data or options.

        Raises:
            InputError: naming it.
        """
        if any(self.folder.glob("*.json")) and not any(self.folder.glob(f"*-{self.context}.json")):
            raise InputError(
                f"resume: wanted the folder of a run on the same data with the same options, got "
                f"{self.folder.parent}, whose networks were trained on others; leave resume out, "
                "or give the options of that run"
            )

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}-{self.context}.json"


def digest(*parts: object) -> str:
    """A short hash of what decides a run."""
    return hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()[:12]
