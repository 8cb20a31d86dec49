"""Options of the command `trust`."""

from dataclasses import dataclass

from experiments.runtime.schema.options import Composed, option
from experiments.runtime.schema.value import COPIES, Copies, Players


@dataclass
class Trust(Composed):
    """Options of `experiments.trust`."""

    players: Players = option(
        "whose utility is looked at: as in experiments.value", Players.parties
    )
    copies: Copies = option(COPIES, Copies.auto)
    minutes: float = option("time to spend, compiling and scoring included (minutes)", 5.0)
    num_sets: int = option("sets at most, each with two networks before any has more (sets)", 1000)
    num_seeds: int = option("networks trained on each set at most; 2 or more (networks)", 4)
    num_rows: int | None = option(
        "rows of a set; null = 150, or half of what there is (rows)", None
    )
    learning_rate: float = option("of Adam, by which networks are trained", 2e-3)
    level: float = option("coverage of the intervals (probability)", 0.95)
    resume: str | None = option("folder of an interrupted run to go on with (path)", None)
    seed: int = option("seed of every random choice (integer)", 0)


COMMANDS: dict[str, type] = {"trust": Trust}
