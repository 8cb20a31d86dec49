"""One forward pass a row and one backward a logit: what each layer contributes to the kernel.

A zero probe is added to the output of each step that multiplies by a layer's kernel; the
cotangents of the probes are the backward signals b. Rows go through in chunks, so that activations
of a few rows exist at a time, and their features (gradients, or inputs and signals) are written in
place.
"""

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Float, Int, Num

from davinz_jax.ntk.engines.layerwise.layer import (
    Layer,
    Use,
    joined_signals,
    patches,
    row_gradient,
)
from davinz_jax.ntk.engines.layerwise.leaves import product_of
from davinz_jax.ntk.engines.layerwise.program import Program, Values, trace_program
from davinz_jax.ntk.engines.layerwise.sketch import Projection, sketch_rows
from davinz_jax.ntk.engines.layerwise.survey import FACTORED, Survey
from davinz_jax.ntk.outputs import Network
from davinz_jax.ntk.parameters import Parameters, split_variables
from davinz_jax.types import Array, Precision, Variables

ByPath = dict[str, Any]
"""Arrays of leaves, by path."""
ByLayer = tuple[Any, ...]
"""Arrays of layers, in the order of the survey."""


class Features(NamedTuple):
    """The gradients of n rows, in the forms that the survey chose.

    Attributes:
        gradients: gradients of the layers in this form and of the remaining leaves, side by side.
        inputs: inputs (patches, or indices of a table) of each layer in factors.
        signals: backward signals of these layers.
        sketches: sketches of the layers in this form, side by side, in each half; none without one.
    """

    gradients: Float[Array, "n p"]
    inputs: tuple[Num[Array, "n ..."], ...]
    signals: tuple[Float[Array, "n t o"], ...]
    sketches: tuple[Float[Array, "n q"], ...] = ()


def represent_rows(
    network: Network,
    survey: Survey,
    variables: Variables,
    inputs: Num[Array, "n ..."],
    logits: Int[Array, "n l"],
    *,
    chunk: int,
    projections: tuple[Projection, ...] = (),
) -> Features:
    """Features of n rows, `chunk` rows at a time, for the gradients of l logits of each.

    Layers in sketches are projected by `projections`.

    A loop on the host, not on the device: XLA's CPU backend runs convolutions far slower within a
    loop of its own.
    """
    num_rows = len(inputs)
    if chunk >= num_rows:
        return represent_chunk(network, survey, variables, inputs, logits, projections)
    features = None
    for first in range(0, num_rows, chunk):
        # The last chunk starts early enough to be whole: some rows are then computed twice.
        start = min(first, num_rows - chunk)
        few = slice(start, start + chunk)
        part = represent_chunk(network, survey, variables, inputs[few], logits[few], projections)
        whole = _make_room(part, num_rows) if features is None else features
        features = _write_chunk(whole, part, start)
    assert features is not None  # there is a first chunk
    return features


@partial(jax.jit, static_argnames=("network", "survey"))
def represent_chunk(
    network: Network,
    survey: Survey,
    variables: Variables,
    inputs: Num[Array, "n ..."],
    logits: Int[Array, "n l"],
    projections: tuple[Projection, ...] = (),
) -> Features:
    """Features of a few rows."""
    chosen, rest = split_variables(variables, parameters=network.parameters)
    with jax.default_matmul_precision("highest"):
        backward = partial(_differentiate_row, network, survey, chosen, rest)
        seen, signals, gradients = jax.vmap(backward)(inputs, logits)
        features = _form_features(survey, projections, seen, signals, gradients)
    if survey.precision == "full":
        return features
    return jax.tree.map(partial(_round, precision=survey.precision), features)


def _round(leaf: Num[Array, "..."], *, precision: Precision) -> Num[Array, "..."]:
    """Numbers in a precision, and indices as they are."""
    return leaf.astype(precision) if jnp.issubdtype(leaf.dtype, jnp.floating) else leaf


def _make_room(part: Features, num_rows: int) -> Features:
    """Zeros for the features of n rows like those of a part."""
    return jax.tree.map(lambda leaf: jnp.zeros((num_rows, *leaf.shape[1:]), leaf.dtype), part)


@partial(jax.jit, donate_argnames="whole")
def _write_chunk(whole: Features, part: Features, start: Int[Array, ""] | int) -> Features:
    """All features, with those of a few rows written in place from row `start` on."""
    return jax.tree.map(
        lambda leaf, few: lax.dynamic_update_slice_in_dim(leaf, few, start, 0), whole, part
    )


def _differentiate_row(
    network: Network,
    survey: Survey,
    chosen: Parameters,
    rest: Variables,
    row: Num[Array, "..."],
    logits: Int[Array, " l"],
) -> tuple[ByLayer, ByLayer, ByPath]:
    """Inputs and backward signals of the layers, and gradients of remaining leaves.

    Signals and gradients have a first axis of logits.
    """
    program = trace_program(network.apply, chosen, rest, row[None])

    def outputs(leaves: Parameters, probes: Values) -> tuple[Float[Array, " k"], ByLayer]:
        values = program.run(
            {**chosen, **leaves}, rest, row[None],
            lambda step, result: result + probes[step] if step in probes else result,
        )  # fmt: skip
        return values[program.output][0], _seen(program, survey, values)

    leaves = {path: chosen[path] for path in survey.remaining}
    steps = {use.step for layer in survey.layers for use in layer.uses}
    shapes = {step: program.steps[step].output for step in steps}
    probes = {step: jnp.zeros(shape.shape, shape.dtype) for step, shape in shapes.items()}
    result, pullback, seen = jax.vjp(outputs, leaves, probes, has_aux=True)
    gradients, signals = jax.vmap(pullback)(
        jax.nn.one_hot(logits, result.shape[0], dtype=result.dtype)
    )
    inputs, scales = seen
    return inputs, _by_layer(program, survey, signals, scales), gradients


def _seen(program: Program, survey: Survey, values: Values) -> tuple[ByLayer, ByLayer]:
    """Inputs of the layers by position, and the scale of each of their uses."""

    def inputs(use: Use) -> Num[Array, "p c"]:
        step = program.steps[use.step]
        arranged = product_of(program, use).inputs(values)
        is_float = jnp.issubdtype(arranged.dtype, jnp.floating)
        return arranged.astype(step.output.dtype) if is_float else arranged

    return (
        tuple(_join([inputs(use) for use in layer.uses], 0) for layer in survey.layers),
        tuple(tuple(_scale(use, values) for use in layer.uses) for layer in survey.layers),
    )


def _scale(use: Use, values: Values) -> Float[Array, ""] | None:
    """What a leaf is multiplied by on its way to a use, if by anything."""
    if not use.scales and not use.divisors:
        return None
    scale = jnp.ones(())
    for number in use.scales:
        scale = scale * jnp.reshape(values[number], ())
    for number in use.divisors:
        scale = scale / jnp.reshape(values[number], ())
    return scale


def _by_layer(program: Program, survey: Survey, signals: Values, scales: ByLayer) -> ByLayer:
    """Signals of each layer by position, its uses side by side."""

    def arranged(use: Use, scale: Float[Array, ""] | None) -> Float[Array, "l t o"]:
        own = product_of(program, use).signals(signals[use.step])
        return own if scale is None else own * scale.astype(own.dtype)

    return tuple(
        _join([arranged(*each) for each in zip(layer.uses, own, strict=True)], 1)
        for layer, own in zip(survey.layers, scales, strict=True)
    )


def _join(parts: list[Num[Array, "..."]], axis: int) -> Num[Array, "..."]:
    """Parts side by side."""
    return parts[0] if len(parts) == 1 else jnp.concatenate(parts, axis=axis)


def _form_features(
    survey: Survey,
    projections: tuple[Projection, ...],
    seen: ByLayer,
    signals: ByLayer,
    gradients: ByPath,
) -> Features:
    """Inputs, signals, gradients and sketches of rows, each layer's in its form."""
    every = list(zip(survey.layers, survey.forms, seen, signals, strict=True))
    formed = [(layer, a, b) for layer, form, a, b in every if form == "gradient"]
    factored = [each for each in every if each[1] in FACTORED]
    sketched = [(layer, a, b) for layer, form, a, b in every if form == "sketch"]
    return Features(
        _flat_gradients(formed, survey.remaining, gradients, signals),
        tuple(patches(layer, a) if form == "patches" else a for layer, form, a, _ in factored),
        tuple(joined_signals(layer, b) for layer, _, _, b in factored),
        sketch_rows(sketched, projections),
    )


def _flat_gradients(
    formed: list[tuple[Layer, Num[Array, "n _ _"], Float[Array, "n _ _ _"]]],
    remaining: tuple[str, ...],
    gradients: ByPath,
    signals: ByLayer,
) -> Float[Array, "n p"]:
    """Gradients of some layers and of remaining leaves, side by side."""
    layers = [layer for layer, _, _ in formed]

    def flat_row(parts: tuple[ByLayer, ByPath]) -> Float[Array, " p"]:
        pairs, leaves = parts
        pieces = [row_gradient(layer, *pair) for layer, pair in zip(layers, pairs, strict=True)]
        return jnp.concatenate(pieces + [leaves[path].reshape(-1) for path in remaining])

    if formed or remaining:
        return lax.map(flat_row, (tuple((a, b) for _, a, b in formed), gradients))
    return jnp.zeros((len(signals[0]), 0), jnp.result_type(*signals))
