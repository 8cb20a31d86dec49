"""Finds an engine by name, and makes it one that sketches."""

from dataclasses import replace
from numbers import Integral

import jax
import numpy as np
from jaxtyping import Num

from davinz_jax.choices import check_choice
from davinz_jax.ntk.engines.base import Engine
from davinz_jax.ntk.engines.layerwise import LayerwiseEngine
from davinz_jax.ntk.engines.layerwise.sketch import Sketch
from davinz_jax.ntk.engines.neural_tangents import NeuralTangentsEngine
from davinz_jax.ntk.outputs import Network
from davinz_jax.types import Array, PRNGKey, Variables

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


def sketching_engine(
    engine: str | Engine, sketch: int | None, *, key: PRNGKey | None
) -> str | Engine:
    """The engine, or the layer-wise one that sketches layers where a sketch is asked for.

    Args:
        engine: as in `find_engine`.
        sketch: k, numbers to which each layer's inputs and signals are projected; None is exact.
        key: draws the projections.

    Raises:
        ValueError: for a sketch that is no whole number of 1 or more, an engine that has none, or
            no key.
    """
    if sketch is None:
        return engine
    check_sketch(sketch)
    if isinstance(engine, str):
        check_choice("engine", engine, ENGINES)
    if engine in ("auto", "layerwise"):
        engine = LayerwiseEngine()
    if not isinstance(engine, LayerwiseEngine):
        name = engine if isinstance(engine, str) else engine.name
        raise ValueError(
            f"engine: wanted 'layerwise' for a sketch, got {name!r}; it alone has sketches"
        )
    if key is None:
        raise ValueError(
            "key: wanted a random key, which draws the sketch, got none; pass jax.random.key(0)"
        )
    words = np.asarray(jax.random.key_data(key)).ravel().tolist()
    return replace(engine, sketch=Sketch(int(sketch), tuple(words)))


def check_sketch(sketch: object) -> None:
    """Refuse a sketch of no size.

    Raises:
        ValueError: if it is no whole number of 1 or more.
    """
    is_whole = isinstance(sketch, Integral) and not isinstance(sketch, bool)
    if not is_whole or int(sketch) < 1:  # pyright: ignore
        raise ValueError(
            f"sketch: wanted a whole number ≥ 1 of dimensions, or none, got {sketch!r}; 64 is usual"
        )
