"""One forward pass a row and one backward a logit: what each layer contributes to the kernel.

A zero probe is added to each covered layer's output; the cotangents of the probes are the
backward signals b. Rows go through in chunks, so that activations of a few rows exist at a time,
and their features (gradients, or inputs and signals) are written in place.
"""

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from flax import linen as nn
from jax import lax
from jaxtyping import Float, Int, Num, Shaped

from davinz_jax.ntk.engines.layerwise.layer import Layer, joined_signals, patches, row_gradient
from davinz_jax.ntk.engines.layerwise.survey import Call, Survey, intercept
from davinz_jax.ntk.outputs import Network
from davinz_jax.ntk.parameters import Parameters, merge_variables, split_variables
from davinz_jax.types import Array, Variables

ByPath = dict[str, Any]
"""Arrays of layers or leaves, by path."""


class Features(NamedTuple):
    """The gradients of n rows, in the forms that the survey chose.

    Attributes:
        gradients: gradients of the layers in this form and of the remaining leaves, side by side.
        inputs: inputs (or patches) of each layer in factors.
        signals: backward signals of these layers.
    """

    gradients: Float[Array, "n p"]
    inputs: tuple[Float[Array, "n ..."], ...]
    signals: tuple[Float[Array, "n t o"], ...]


def represent_rows(
    network: Network,
    survey: Survey,
    variables: Variables,
    inputs: Num[Array, "n ..."],
    logits: Int[Array, "n l"],
    *,
    chunk: int,
) -> Features:
    """Features of n rows, `chunk` rows at a time, for the gradients of l logits of each.

    A loop on the host, not on the device: XLA's CPU backend runs convolutions far slower within a
    loop of its own.
    """
    num_rows = len(inputs)
    if chunk >= num_rows:
        return represent_chunk(network, survey, variables, inputs, logits)
    features = None
    for first in range(0, num_rows, chunk):
        # The last chunk starts early enough to be whole: some rows are then computed twice.
        start = min(first, num_rows - chunk)
        few = slice(start, start + chunk)
        part = represent_chunk(network, survey, variables, inputs[few], logits[few])
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
) -> Features:
    """Features of a few rows."""
    chosen, rest = split_variables(variables, parameters=network.parameters)
    with jax.default_matmul_precision("highest"):
        backward = partial(_differentiate_row, network, survey, chosen, rest)
        seen, signals, gradients = jax.vmap(backward)(inputs, logits)
        features = _form_features(survey, seen, signals, gradients)
    if survey.precision == "full":
        return features
    return jax.tree.map(lambda leaf: leaf.astype(survey.precision), features)


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
) -> tuple[ByPath, ByPath, ByPath]:
    """Inputs and backward signals of the covered layers, and gradients of remaining leaves.

    Signals and gradients have a first axis of logits.
    """

    def outputs(leaves: Parameters, probes: ByPath) -> tuple[Float[Array, " k"], ByPath]:
        variables = merge_variables({**chosen, **leaves}, rest)
        result, seen = _probe(network, variables, row[None], probes)
        return result[0], seen

    leaves = {path: chosen[path] for path in survey.remaining}
    probes = {
        layer.path: jnp.zeros((*layer.space_out, layer.channels_out), layer.dtype)
        for layer in survey.layers
    }
    result, pullback, seen = jax.vjp(outputs, leaves, probes, has_aux=True)
    gradients, signals = jax.vmap(pullback)(
        jax.nn.one_hot(logits, result.shape[0], dtype=result.dtype)
    )
    return seen, signals, gradients


def _probe(
    network: Network, variables: Variables, inputs: Num[Array, "1 ..."], probes: ByPath
) -> tuple[Float[Array, "1 k"], ByPath]:
    """Outputs of one row with probes added to its layers' outputs, and these layers' inputs."""
    seen: ByPath = {}

    def add_probe(
        module: nn.Module, path: str, inputs: Shaped[Array, "..."], call: Call
    ) -> Shaped[Array, "..."]:
        output = call()
        if path not in probes:
            return output
        seen[path] = inputs.astype(output.dtype).reshape(-1, inputs.shape[-1])
        return output + probes[path].reshape(output.shape)

    with intercept(add_probe):
        return network.apply(variables, inputs), seen


def _form_features(survey: Survey, seen: ByPath, signals: ByPath, gradients: ByPath) -> Features:
    """Inputs, signals and gradients of rows, each layer's in its form."""
    formed = [
        layer for layer, form in zip(survey.layers, survey.forms, strict=True) if form == "gradient"
    ]
    factored = survey.factored_layers()
    return Features(
        _flat_gradients(formed, survey.remaining, seen, signals, gradients),
        tuple(
            patches(layer, seen[layer.path]) if form == "patches" else seen[layer.path]
            for layer, form in factored
        ),
        tuple(joined_signals(layer, signals[layer.path]) for layer, _ in factored),
    )


def _flat_gradients(
    formed: list[Layer],
    remaining: tuple[str, ...],
    seen: ByPath,
    signals: ByPath,
    gradients: ByPath,
) -> Float[Array, "n p"]:
    """Gradients of some layers and of remaining leaves, side by side."""

    def flat_row(parts: tuple[ByPath, ByPath, ByPath]) -> Float[Array, " p"]:
        a, b, leaves = parts
        pieces = [row_gradient(layer, a[layer.path], b[layer.path]) for layer in formed]
        return jnp.concatenate(pieces + [leaves[path].reshape(-1) for path in remaining])

    if formed or remaining:
        needed = [layer.path for layer in formed]
        own = [{path: arrays[path] for path in needed} for arrays in (seen, signals)]
        return lax.map(flat_row, (*own, gradients))
    arrays = list(signals.values())
    return jnp.zeros((len(arrays[0]), 0), jnp.result_type(*arrays))
