"""Types, defaults and one-line descriptions of the commands' own options.

Groups (data, model, parties, semivalue, utility) own their choices in YAML; the scalars here are
checked by type, and a misspelt key or value is refused. `text` of a field is shown by --help.
"""

from dataclasses import dataclass, field, fields, is_dataclass
from enum import Enum, StrEnum
from typing import Any

from hydra.core.config_store import ConfigStore


def option(text: str, default: Any) -> Any:
    """A field with its description; mutable defaults are made anew each time."""
    if isinstance(default, type):
        return field(default_factory=default, metadata={"text": text})
    return field(default=default, metadata={"text": text})


class Players(StrEnum):
    """Who is valued."""

    parties = "parties"
    rows = "rows"


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


@dataclass
class ValueOptions:
    """Options of the command `value` itself."""

    level: float = option("coverage of the intervals (probability)", 0.95)
    worst: int = option("worst-valued rows to draw or list, for players=rows (rows)", 24)
    resume: str | None = option("folder of an interrupted run to go on with (path)", None)


@dataclass
class Hosts:
    """Options of several processes, each started with this very command, that share the kernels."""

    num_processes: int | None = option(
        "processes that share the kernels; null = these three as Slurm or Open MPI says", 1
    )
    process_id: int | None = option("number of this process, from 0; 0 writes the results", None)
    coordinator: str | None = option("where process 0 is reached (address:port)", None)
    patience: float = option("silence after which a process counts as lost (seconds)", 30.0)


@dataclass
class Value(Composed):
    """Options of `experiments.value`."""

    value: ValueOptions = option("", ValueOptions)
    hosts: Hosts = option("", Hosts)
    players: Players = option("value parties, or single rows", Players.parties)
    seed: int = option("seed of every random choice (integer)", 0)


def commands() -> dict[str, type]:
    """Schema of each command, by the name of its primary configuration."""
    from experiments.runtime import benchmark_schema, result_schema, study_schema

    return {
        "value": Value,
        **result_schema.COMMANDS,
        **study_schema.COMMANDS,
        **benchmark_schema.COMMANDS,
    }


def option_texts(config_name: str = "value") -> dict[str, tuple[str, str]]:
    """Dotted key -> (default, description) of every scalar of a command's schema.

    A command that is none of ours takes the options of all experiments.
    """
    from experiments.runtime.study_schema import Study

    return _texts(commands().get(config_name, Study)(), "")


def _texts(node: Any, prefix: str) -> dict[str, tuple[str, str]]:
    texts = {}
    for entry in fields(node):
        value = getattr(node, entry.name)
        if is_dataclass(value):
            texts |= _texts(value, f"{prefix}{entry.name}.")
        elif "text" in entry.metadata:
            shown = _shown(value)
            texts[f"{prefix}{entry.name}"] = (shown, entry.metadata["text"] + _values_of(entry))
    return texts


def _shown(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, Enum):
        return str(value.value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _values_of(entry: Any) -> str:
    for kind in getattr(entry.type, "__args__", (entry.type,)):
        if isinstance(kind, type) and issubclass(kind, Enum):
            return f": {' | '.join(choice.value for choice in kind)}"
    return ""


def register() -> None:
    """Make the schema known to Hydra under the names that conf/*.yaml use."""
    for name, node in commands().items():
        ConfigStore.instance().store(name=f"{name}_schema", node=node)
