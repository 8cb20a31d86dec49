"""Finds an engine by name."""

from jaxtyping import Num

from davinz_jax.choices import check_choice
from davinz_jax.ntk.engines.base import Engine
from davinz_jax.ntk.engines.layerwise import LayerwiseEngine
from davinz_jax.ntk.engines.neural_tangents import NeuralTangentsEngine
from davinz_jax.ntk.outputs import Network
from davinz_jax.types import Array, Variables

ENGINES = ("auto", "layerwise", "neural_tangents")


def find_engine(
    engine: str | Engine,
    network: Network,
    variables: Variables,
    inputs: Num[Array, "n ..."],
    *,
    block_size: int,
) -> Engine:
    """The engine of a name, or the engine given, fit to the model.

    Args:
        engine: `auto` is layer-wise.
        network: model, output and chosen parameters.
        variables: variables of the model.
        inputs: rows, of which one is traced.
        block_size: rows that each row's gradient meets.

    Raises:
        ValueError: if no engine has this name.
    """
    if not isinstance(engine, str):
        return engine.fit(network, variables, inputs, block_size=block_size)
    check_choice("engine", engine, ENGINES)
    if engine == "neural_tangents":
        return NeuralTangentsEngine()
    return LayerwiseEngine().fit(network, variables, inputs, block_size=block_size)
