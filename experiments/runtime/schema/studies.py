"""Options of the paper's experiments: what all of them take, and what one adds."""

from dataclasses import dataclass, field
from typing import Any

from experiments.runtime.schema.options import Composed, option


@dataclass
class Study(Composed):
    """Options that every experiment takes."""

    seeds: list[int] = option("repetitions within one run, each with its own draws", list)
    seed: int | None = option("one seed in place of `seeds`, for sweeps (integer)", None)
    level: float = option("coverage of the intervals over seeds (probability)", 0.95)
    skip_finished: bool = option(
        "leave alone a run whose folder holds the result of the same configuration", False
    )


@dataclass
class Noise:
    """Options of the noise that parties get."""

    scales: list[float] = option("deviation of each party's noise (unit of the inputs)", list)
    clip: list[float] | None = option("range the noisy inputs are clipped to; null = none", None)


@dataclass
class NoiseStability(Study):
    """Options of `experiments.noise_stability`."""

    noise: Noise = option("", Noise)


@dataclass
class ModelRobustness(Study):
    """Options of `experiments.model_robustness`."""

    models: list[str] = option("networks to be compared, choices of the group model", list)
    eigenvalue_ridge: float = option(
        "λ of the smallest eigenvalue that is reported (unit output²)", 1e-6
    )


@dataclass
class Ablation(Study):
    """Options of `experiments.ablation`."""

    vary: dict[str, list[Any]] = option(
        "dotted option -> values tried, one option at a time, the others as configured", dict
    )
    reference_initialisations: int = option("draws of the reference, other than those tried", 20)


@dataclass
class Correlation(Study):
    """Options of `experiments.correlation`."""

    training: Any = field(default_factory=dict)
    num_sets: int = option("data sets drawn with replacement, sizes uniform (sets)", 200)
    num_bootstrap: int = option("resamples of the sets, for an interval in each seed", 1000)
    checkpoints: str | None = option(
        "folder of trained networks' results, shared by runs; null = in the run's folder", None
    )


@dataclass
class Comparison(Study):
    """Options of `experiments.comparison`."""

    training: Any = field(default_factory=dict)
    baseline_training: Any = field(default_factory=dict)
    baselines: dict[str, Any] = option("methods to be compared with", dict)
    checkpoints: str | None = option(
        "folder of trained networks' results, shared by runs; null = in the run's folder", None
    )


COMMANDS: dict[str, type] = {
    "data_quantity": Study,
    "data_preference": Study,
    "noise_stability": NoiseStability,
    "model_robustness": ModelRobustness,
    "ablation": Ablation,
    "correlation": Correlation,
    "comparison": Comparison,
}
"""Schema of each experiment, by the name of its module and primary configuration."""
