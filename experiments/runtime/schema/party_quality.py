"""Options of the study of party quality."""

from dataclasses import dataclass

from experiments.runtime.schema.fidelity import Sizes
from experiments.runtime.schema.options import Command, option


@dataclass
class PartyQuality(Command):
    """Options of `experiments.party_quality`."""

    size: Sizes = option("seconds without files, an hour of one core, or half a day", Sizes.smoke)
    root: str | None = option(
        "folder of local data, tables in tables/; null = DAVINZ_DATA, or downloads (path)", None
    )
    store: str | None = option(
        "folder that values of games are kept in; null = the run's folder (path)", None
    )
    num_resamples: int = option("resamples of the draws, for intervals", 10_000)
    level: float = option("coverage of the intervals (probability)", 0.95)
    seed: int = option("seed of the resamples; draws have keys of their own (integer)", 0)
    keep: bool = option("also keep the result in results/ and on docs/party_quality.md", False)


COMMANDS: dict[str, type] = {"party_quality": PartyQuality}
