"""Options of the commands that go on from a saved result."""

from dataclasses import dataclass
from enum import StrEnum

from omegaconf import MISSING

from experiments.runtime.schema.options import PACKAGES, Command, option


class Negative(StrEnum):
    """What becomes of players of negative value."""

    zero = "zero"
    shift = "shift"
    charge = "charge"
    refuse = "refuse"


@dataclass
class Payout(Command):
    """Options of `experiments.payout`."""

    run: str = option("folder of a run of experiments.value (path)", MISSING)
    budget: float = option("what is paid out in all (money)", MISSING)
    negative: Negative = option("players of negative value", Negative.zero)
    floor: float = option("least amount a player gets (money)", 0.0)
    cap: float | None = option("largest amount a player gets; null = none (money)", None)
    decimals: int = option("decimals of an amount; 2 for cents (digits)", 2)
    by_party: bool = option("for valued rows: pay parties the sum of their rows' values", False)


@dataclass
class Score(Command):
    """Options of `experiments.score`."""

    packages: list[str] = option(PACKAGES, list)

    run: str = option("folder of a run of experiments.value, over parties (path)", MISSING)
    path: str = option("file of the new party's rows, of the kind the run had (path)", MISSING)
    name: str = option("name of the new party", "new")


@dataclass
class Explain(Command):
    """Options of `experiments.explain`."""

    packages: list[str] = option(PACKAGES, list)

    run: str = option(
        "folder of a run of experiments.value, per_validation_row=true (path)", MISSING
    )
    row: int = option("validation row, from 0, as validation_rows.csv counts", MISSING)
    level: float = option("coverage of the intervals (probability)", 0.95)
    most: int = option("players shown that helped, and as many that hurt (players)", 7)


COMMANDS: dict[str, type] = {"payout": Payout, "score": Score, "explain": Explain}
