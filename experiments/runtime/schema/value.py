"""Options of the command `value`."""

from dataclasses import dataclass
from enum import StrEnum

from experiments.runtime.schema.options import Composed, option


class Players(StrEnum):
    """Who is valued."""

    parties = "parties"
    rows = "rows"


class Copies(StrEnum):
    """How rows count that a party holds several times."""

    auto = "auto"
    once = "once"
    each = "each"


COPIES = (
    "rows that a party holds several times (equal inputs and target) count once or each; auto "
    "= once where a party repeats rows far more often than this table's rows coincide"
)


@dataclass
class ValueOptions:
    """Options of the command `value` itself."""

    level: float = option("coverage of the intervals (probability)", 0.95)
    worst: int = option(
        "rows of lowest margin, as detect finds them, to list or draw; 0 judges none (rows)", 24
    )
    ridge_figure: bool = option("also draw ridge.png: leave-one-out error by ridge", False)
    resume: str | None = option("folder of an interrupted run to go on with (path)", None)


@dataclass
class Value(Composed):
    """Options of `experiments.value`."""

    value: ValueOptions = option("", ValueOptions)
    players: Players = option("value parties, or single rows", Players.parties)
    copies: Copies = option(COPIES, Copies.auto)
    per_validation_row: bool = option(
        "also keep what each player is worth to each validation row, for experiments.explain", False
    )
    trust: str | None = option(
        "folder of a run of experiments.trust on the same data; what it says is repeated (path)",
        None,
    )
    second_opinion: bool | None = option(
        "also value by the other of ν and kernel regression, where validation rows have labels; "
        "null = unless that takes long",
        None,
    )
    seed: int = option("seed of every random choice (integer)", 0)


COMMANDS: dict[str, type] = {"value": Value}
