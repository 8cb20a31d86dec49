"""Finds an engine by name."""

from davinz_jax.ntk.choices import check_choice
from davinz_jax.ntk.engine import Engine
from davinz_jax.ntk.neural_tangents_engine import NeuralTangentsEngine
from davinz_jax.ntk.outputs import Network, Rows
from davinz_jax.types import Variables

ENGINES = ("auto", "layerwise", "neural_tangents")


def find_engine(engine: str | Engine, network: Network, variables: Variables, rows: Rows) -> Engine:
    """The engine of a name, or the engine given.

    Raises:
        ValueError: if no engine has this name.
    """
    if not isinstance(engine, str):
        return engine
    check_choice("engine", engine, ENGINES)
    return NeuralTangentsEngine()
