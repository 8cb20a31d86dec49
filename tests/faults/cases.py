"""One generated input: a command, its arguments, their files, and what should come of it."""

from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

Wanted = Literal["accepted", "refused", "either"]
"""What a sound command does with an input; `either` where both are sound."""

HERE = "{here}"
"""Stands, in an argument, for the folder that the input's files are put in."""

SAVED = "{saved}"
"""Stands, in an argument, for the folder of the runs that commands go on from."""


@dataclass(frozen=True)
class Case:
    """An input of a command.

    Attributes:
        command: module of experiments/ that is run.
        arguments: of its command line.
        kind: what it is counted under.
        wanted: what should become of it.
        about: what is unusual in it, for whoever reads a finding.
        files: content of the files by their path below the folder.
    """

    command: str
    arguments: tuple[str, ...]
    kind: str
    wanted: Wanted = "either"
    about: str = ""
    files: Mapping[str, bytes] = field(default_factory=dict)

    def place(self, folder: Path, saved: Path | None = None) -> list[str]:
        """Write the files below a folder; gives the arguments that name them.

        Args:
            folder: of the input.
            saved: folder of the runs that commands go on from.
        """
        for name, content in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        places = {HERE: str(folder), SAVED: str(saved)}
        return [replace_all(argument, places) for argument in self.arguments]

    def to_json(self) -> dict[str, Any]:
        """The input as JSON holds it."""
        files = {name: b64encode(content).decode() for name, content in self.files.items()}
        return vars(self) | {"arguments": list(self.arguments), "files": files}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Case":
        """The inverse of `to_json`."""
        files = {name: b64decode(text) for name, text in content["files"].items()}
        return cls(**{**content, "arguments": tuple(content["arguments"]), "files": files})


def replace_all(text: str, places: Mapping[str, str]) -> str:
    """The text with every placeholder replaced."""
    for name, place in places.items():
        text = text.replace(name, place)
    return text


def together(wants: Sequence[Wanted]) -> Wanted:
    """What several parts of an input ask for together: one that must be refused decides."""
    if "refused" in wants:
        return "refused"
    return "either" if "either" in wants else "accepted"
