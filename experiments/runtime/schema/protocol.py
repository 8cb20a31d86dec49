"""Options of the measurement of the authors' choices."""

from dataclasses import dataclass
from typing import Any

from experiments.runtime.schema.options import Command, option


@dataclass
class Protocol(Command):
    """Options of `experiments.protocol`."""

    rows: dict[str, Any] = option("choice -> command, overrides, and the number measured", dict)
    overrides: list[str] = option("further overrides of every run", list)


COMMANDS: dict[str, type] = {"protocol": Protocol}
"""Schema of the command, by the name of its module and primary configuration."""
