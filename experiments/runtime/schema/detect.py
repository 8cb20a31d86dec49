"""Options of the command `detect`."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from experiments.runtime.schema.options import PACKAGES, Command, option


class What(StrEnum):
    """What is doubted."""

    labels = "labels"
    inputs = "inputs"


class CutRule(StrEnum):
    """Which rows are dropped."""

    auto = "auto"
    two_means = "two_means"
    rate = "rate"
    fdr = "fdr"


@dataclass
class Detect(Command):
    """Options of `experiments.detect`."""

    packages: list[str] = option(PACKAGES, list)

    data: Any = field(default_factory=dict)
    model: Any = field(default_factory=dict)
    parties: Any = field(default_factory=dict)
    corruption: Any = field(default_factory=dict)
    kernel: Any = field(default_factory=dict)
    ntk: Any = field(default_factory=dict)
    what: What = option("doubt labels (numbers, for regression), or inputs", What.labels)
    cut: CutRule = option(
        "which rows to drop; auto = by rate or fdr where one is given, else two_means",
        CutRule.auto,
    )
    rate: float | None = option("share of wrong rows, where it is known (fraction)", None)
    fdr: float | None = option(
        "most clean rows among those dropped, by a fitted mixture; null = 0.1 (fraction)", None
    )
    block_size: int | None = option(
        "rows that judge each other; null = all up to 5,000 rows, else 2,000 (rows)", None
    )
    views: bool | None = option(
        "also value rows on the labelled validation set (at most 500 rows of it); null = where "
        "data.validation_path is given",
        None,
    )
    ridge_figure: bool = option("also draw ridge.png: leave-one-out error by ridge", False)
    worst: int = option("most doubtful rows to draw or list (rows)", 24)
    num_initialisations: int = option(
        "independent draws of the network's weights; 1 where model.weights is given (draws)", 5
    )
    seed: int = option("seed of every random choice (integer)", 0)


COMMANDS: dict[str, type] = {"detect": Detect}
