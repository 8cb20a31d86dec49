"""Options of the benchmarks that hold all methods of ours against rivals."""

from dataclasses import dataclass

from experiments.runtime.schema.fidelity import Sizes
from experiments.runtime.schema.options import Command, option


@dataclass
class Benchmark(Command):
    """Options that the benchmarks share."""

    size: Sizes = option("seconds without files, an hour of 2 cores, or some hours", Sizes.smoke)
    num_seeds: int | None = option("draws of rows; null = as many as the size has (integer)", None)
    jobs: int = option("processes at once, of one thread each (integer)", 1)
    root: str | None = option(
        "folder of local data, tables in tables/; null = DAVINZ_DATA, or downloads (path)", None
    )
    store: str | None = option(
        "folder that measured draws are kept in; null = the run's folder (path)", None
    )
    num_resamples: int = option("resamples of the data sets, for intervals of ranks", 10_000)
    level: float = option("coverage of the intervals (probability)", 0.95)
    seed: int = option("seed of the resamples; draws have keys of their own (integer)", 0)


@dataclass
class DetectionBenchmark(Benchmark):
    """Options of `experiments.detection_benchmark`."""

    keep: bool = option("also keep the result in results/ and on docs/detection.md", False)


@dataclass
class RemovalBenchmark(Benchmark):
    """Options of `experiments.removal_benchmark`."""

    keep: bool = option("also keep the result in results/ and on docs/removal.md", False)


COMMANDS: dict[str, type] = {
    "detection_benchmark": DetectionBenchmark,
    "removal_benchmark": RemovalBenchmark,
}
