"""Options of the benchmark."""

from dataclasses import dataclass
from enum import StrEnum

from experiments.runtime.schema.options import Command, option


class Suite(StrEnum):
    """What is measured."""

    engines = "engines"
    rows = "rows"
    blocks = "blocks"
    memory = "memory"
    coalitions = "coalitions"
    mmd = "mmd"
    sketch = "sketch"


class Sizes(StrEnum):
    """How large the measurements are."""

    tiny = "tiny"
    cpu = "cpu"
    gpu = "gpu"


@dataclass
class Benchmark(Command):
    """Options of `experiments.benchmark`."""

    size: Sizes = option("a minute, a dozen minutes of 2 cores, or an accelerator", Sizes.tiny)
    suites: list[Suite] = option("what is measured; [] = everything", list)
    only: str | None = option("measure only what has this text in its name; null = all", None)
    remeasure: bool = option("measure again what the folder already holds", False)
    keep: bool = option("also keep the result in benchmarks/ and on docs/benchmarks.md", False)


COMMANDS: dict[str, type] = {"benchmark": Benchmark}
