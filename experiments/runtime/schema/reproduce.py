"""Options of the plan of all experiments."""

from dataclasses import dataclass, field
from typing import Any

from experiments.runtime.schema.options import Command, option


@dataclass
class Reproduce(Command):
    """Options of `experiments.reproduce`."""

    plan: Any = field(default_factory=dict)
    hours: float | None = option(
        "time that the call may take; null = until all jobs are done (hours)", None
    )
    jobs: int = option("processes that run at once (processes)", 1)
    list: bool = option("print the command of each job, and run none", False)
    rehearse: bool = option(
        "run every job at a tiny size, in the folder rehearsal/ within the plan's", False
    )
    keep: bool = option(
        "also keep finished results in results/experiments/ and on docs/experiments.md", False
    )


COMMANDS: dict[str, type] = {"reproduce": Reproduce}
