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
    protocol: str = option(
        "ours, authors, or one of the authors' choices, as docs/protocol.md names them", "ours"
    )
    fixed_data: bool = option("the same data and parties in every seed, those of seed 0", False)
    skip_finished: bool = option(
        "leave alone a run whose folder holds the result of the same configuration", False
    )


@dataclass
class Trained(Study):
    """Options of the experiments that train networks to compare with."""

    num_trainings: int | None = option(
        "networks that a coalition's performance is averaged over, each from the next draw; null ="
        " num_initialisations (networks)",
        None,
    )
    checkpoints: str | None = option(
        "folder of trained networks' results, shared by runs; null = in the run's folder", None
    )


@dataclass
class PropertyStudy(Trained):
    """Options of the experiments on properties of values."""

    training: Any = field(default_factory=dict)
    beside: list[str] = option(
        "what stands beside ν: retrained, kernel_regression, rbf_ridge; [] = nothing", list
    )


@dataclass
class Noise:
    """Options of the noise that parties get."""

    scales: list[float] = option("deviation of each party's noise (unit of the inputs)", list)
    clip: list[float] | None = option("range the noisy inputs are clipped to; null = none", None)
    one_draw: bool = option("one draw, scaled for each party, as in the authors' code", False)


@dataclass
class NoiseStability(PropertyStudy):
    """Options of `experiments.noise_stability`."""

    noise: Noise = option("", Noise)


@dataclass
class ModelRobustness(PropertyStudy):
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
class Correlation(Trained):
    """Options of `experiments.correlation`."""

    training: Any = field(default_factory=dict)
    num_sets: int = option("data sets drawn with replacement, sizes uniform (sets)", 200)
    num_bootstrap: int = option("resamples of the sets, for an interval in each seed", 1000)


@dataclass
class Comparison(Trained):
    """Options of `experiments.comparison`."""

    training: Any = field(default_factory=dict)
    baseline_training: Any = field(default_factory=dict)
    baselines: dict[str, Any] = option("methods to be compared with", dict)


@dataclass
class Efficiency(Study):
    """Options of `experiments.efficiency`."""

    models: list[str] = option("networks, choices of the group model", list)
    sizes: list[int] = option("numbers of rows (rows)", list)
    num_parties: int = option("parties that rows are dealt to (count)", 10)
    epochs: int = option("epochs that a training is counted for (epochs)", 100)
    timed_epochs: int = option("epochs that are measured (epochs)", 2)
    batch_size: int = option("rows of a minibatch (rows)", 128)
    baselines: dict[str, Any] = option("methods to be timed", dict)


COMMANDS: dict[str, type] = {
    "data_quantity": PropertyStudy,
    "data_preference": PropertyStudy,
    "noise_stability": NoiseStability,
    "model_robustness": ModelRobustness,
    "ablation": Ablation,
    "correlation": Correlation,
    "comparison": Comparison,
    "efficiency": Efficiency,
}
"""Schema of each experiment, by the name of its module and primary configuration."""
