"""Options of the fidelity study."""

from dataclasses import dataclass
from enum import StrEnum

from experiments.runtime.schema.options import Command, option


class Sizes(StrEnum):
    """How many draws, sets and seeds there are."""

    smoke = "smoke"
    reduced = "reduced"
    full = "full"


@dataclass
class Fidelity(Command):
    """Options of `experiments.fidelity`."""

    size: Sizes = option("seconds without files, some hours of 2 cores, or a day", Sizes.smoke)
    root: str | None = option(
        "folder of local data, tables in tables/; null = DAVINZ_DATA, or downloads (path)", None
    )
    store: str | None = option(
        "folder that trainings and kernels are kept in; null = the run's folder (path)", None
    )
    num_resamples: int = option("resamples of the sets, for intervals", 10_000)
    level: float = option("coverage of the intervals (probability)", 0.95)
    seed: int = option("seed of the resamples; draws have keys of their own (integer)", 0)
    keep: bool = option("also keep the result in results/ and on docs/fidelity.md", False)


COMMANDS: dict[str, type] = {"fidelity": Fidelity}
