"""How an option is declared, and the options that all commands which look at data share.

The scalars here are checked by type, and a misspelt key or value is refused. Groups (data, model,
parties, semivalue, utility) own their choices in YAML. `text` of a field is shown by --help.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


def option(text: str, default: Any) -> Any:
    """A field with its description; mutable defaults are made anew each time."""
    if isinstance(default, type):
        return field(default_factory=default, metadata={"text": text})
    return field(default=default, metadata={"text": text})


class Output(StrEnum):
    """Which outputs of the network the tangent kernel sees."""

    label = "label"
    trace = "trace"
    scalar = "scalar"


class ParameterChoice(StrEnum):
    """Which parameters the tangent kernel differentiates."""

    weights = "weights"
    all = "all"


class Engine(StrEnum):
    """How the tangent kernel is computed."""

    auto = "auto"
    layerwise = "layerwise"
    neural_tangents = "neural_tangents"


class Precision(StrEnum):
    """In which the layer-wise engine keeps and multiplies gradients."""

    full = "full"
    bfloat16 = "bfloat16"


class Features(StrEnum):
    """What the discrepancy compares."""

    inputs = "inputs"
    network = "network"


@dataclass
class Ntk:
    """Options of the tangent kernel."""

    engine: Engine = option("how it is computed", Engine.auto)
    precision: Precision = option("numbers that gradients are kept in", Precision.full)
    output: Output | None = option(
        "outputs it sees; null = label for parties, trace for rows, scalar for regression", None
    )
    parameters: ParameterChoice = option("parameters it differentiates", ParameterChoice.weights)
    ridge: float = option("λ added to its diagonal, absolute (unit output²)", 1e-4)
    num_blocks: int = option("diagonal blocks; 1 = dense (blocks)", 1)
    shuffle: bool = option("draw the blocks at random; false = runs of rows as given", True)
    batch_size: int | None = option("rows in one pass; null = chosen by the planner (rows)", None)
    memory: str | None = option("bound on the memory used, e.g. 4GiB; null = what is free", None)
    store: str | None = option(
        "folder that finished tiles are kept in and taken from; null = in memory (path)", None
    )


@dataclass
class Mmd:
    """Options of the discrepancy between a coalition and the validation set."""

    bandwidth: Any = option(
        "σ of the RBF kernel, or median, or a list of σ (unit of the inputs)", 5.0
    )
    features: Features = option(
        "compare raw inputs or the untrained network's features", Features.inputs
    )


@dataclass
class Composed:
    """What every command composes that looks at data through a network."""

    data: Any = field(default_factory=dict)
    model: Any = field(default_factory=dict)
    parties: Any = field(default_factory=dict)
    corruption: Any = field(default_factory=dict)
    utility: Any = field(default_factory=dict)
    semivalue: Any = field(default_factory=dict)
    ntk: Ntk = option("", Ntk)
    mmd: Mmd = option("", Mmd)
    num_initialisations: int = option(
        "independent draws of the network's weights; 1 where model.weights is given (draws)", 5
    )
