"""Options of the study of intervals."""

from dataclasses import dataclass
from enum import StrEnum

from experiments.runtime.schema.options import Command, option


class Sizes(StrEnum):
    """How many redraws, seeds and tables there are."""

    smoke = "smoke"
    reduced = "reduced"


@dataclass
class Coverage(Command):
    """Options of `experiments.coverage`."""

    size: Sizes = option("seconds on digits, or half an hour of one core on MNIST", Sizes.smoke)
    root: str | None = option("folder of MNIST; null = DAVINZ_DATA, or a download (path)", None)
    level: float = option("coverage that intervals promise (probability)", 0.95)
    keep: bool = option("also keep the result in results/ and on docs/intervals.md", False)


COMMANDS: dict[str, type] = {"coverage": Coverage}
