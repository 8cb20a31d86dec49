"""One forward pass a row and one backward a logit: what each layer contributes to the kernel.

A zero probe is added to each covered layer's output; the cotangents of the probes are the
backward signals b. Rows go through in chunks, so that activations of a few rows exist at a time,
and what is kept of them (gradients, or inputs and signals) is written in place.
"""

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Float

from davinz_jax.ntk.engines.layerwise.layer import joined_signals, patches, row_gradient
from davinz_jax.ntk.engines.layerwise.survey import Survey, intercepting
from davinz_jax.ntk.outputs import Network, Rows
from davinz_jax.ntk.parameters import Weights, merge_variables, split_variables
from davinz_jax.types import Variables


class Kept(NamedTuple):
    """What is kept of n rows.

    Attributes:
        gradients: gradients of the layers kept so and of the remaining leaves, side by side.
        inputs: inputs (or patches) of each layer kept as factors.
        signals: backward signals of these layers.
    """

    gradients: Float[Any, "n p"]
    inputs: tuple[Any, ...]
    signals: tuple[Any, ...]


def kept_rows(
    network: Network, survey: Survey, variables: Variables, rows: Rows, *, chunk: int
) -> Kept:
    """What n rows contribute, computed `chunk` rows at a time and kept as the survey says.

    `rows.labels` (n, l) are the logits whose gradients are taken.
    """
    num_rows = rows.labels.shape[0]
    if chunk >= num_rows:
        return _whole(network, survey, variables, rows)
    kept = _empty(network, survey, variables, rows)
    for first in range(0, num_rows, chunk):
        # The last chunk starts early enough to be whole: some rows are then computed twice.
        start = min(first, num_rows - chunk)
        part = jax.tree.map(lambda array, at=start: array[at : at + chunk], rows)
        kept = _written(network, survey, variables, part, kept, start)
    return kept


@partial(jax.jit, static_argnames=("network", "survey"))
def _whole(network: Network, survey: Survey, variables: Variables, rows: Rows) -> Kept:
    """What a few rows contribute."""
    weights, rest = split_variables(variables, parameters=network.parameters)
    with jax.default_matmul_precision("highest"):
        kept = _kept_chunk(network, survey, weights, rest, rows)
    if survey.precision == "full":
        return kept
    return jax.tree.map(lambda leaf: leaf.astype(survey.precision), kept)


@partial(jax.jit, static_argnames=("network", "survey"), donate_argnames="kept")
def _written(
    network: Network, survey: Survey, variables: Variables, rows: Rows, kept: Kept, start: Any
) -> Kept:
    """What was kept, with that of a few more rows written in place from row `start` on.

    A loop on the host, not on the device: XLA's CPU backend runs convolutions far slower within a
    loop of its own.
    """
    new = _whole(network, survey, variables, rows)
    return jax.tree.map(
        lambda whole, part: lax.dynamic_update_slice_in_dim(whole, part, start, 0), kept, new
    )


def _empty(network: Network, survey: Survey, variables: Variables, rows: Rows) -> Kept:
    """Room for what n rows contribute."""
    num_rows = rows.labels.shape[0]
    one = jax.tree.map(lambda array: array[:1], rows)
    shapes = jax.eval_shape(partial(_whole, network, survey), variables, one)
    return jax.tree.map(lambda leaf: jnp.zeros((num_rows, *leaf.shape[1:]), leaf.dtype), shapes)


def _kept_chunk(network: Network, survey: Survey, weights: Weights, rest: Any, rows: Rows) -> Kept:
    """What the rows of one chunk contribute."""
    inputs, signals, remaining = _backward(network, survey, weights, rest, rows)
    formed = [
        layer for layer, form in zip(survey.layers, survey.forms, strict=True) if form == "gradient"
    ]

    def flat_row(parts: tuple[Any, Any, Any]) -> jax.Array:
        a, b, leaves = parts
        pieces = [row_gradient(layer, a[layer.path], b[layer.path]) for layer in formed]
        pieces += [leaves[path].reshape(-1) for path in survey.remaining]
        return jnp.concatenate(pieces) if pieces else jnp.zeros((0,), _dtype(weights))

    needed = [layer.path for layer in formed]
    own = ({path: inputs[path] for path in needed}, {path: signals[path] for path in needed})
    if formed or survey.remaining:
        gradients = lax.map(flat_row, (*own, remaining))
    else:
        gradients = jnp.zeros((rows.labels.shape[0], 0), _dtype(weights))
    factored = survey.factored()
    return Kept(
        gradients,
        tuple(
            patches(layer, inputs[layer.path]) if form == "patches" else inputs[layer.path]
            for layer, form in factored
        ),
        tuple(joined_signals(layer, signals[layer.path]) for layer, _ in factored),
    )


def _backward(
    network: Network, survey: Survey, weights: Weights, rest: Any, rows: Rows
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Inputs and backward signals of the covered layers, and gradients of remaining leaves.

    Signals and gradients have an axis of logits after that of rows.
    """

    def of_row(row: Any, labels: Any) -> tuple[Any, Any, Any]:
        def outputs(leaves: Weights, probes: dict[str, Any]) -> tuple[Any, Any]:
            variables = merge_variables({**weights, **leaves}, rest)
            result, seen = _probed(network, variables, row[None], probes)
            return result[0], seen

        leaves = {path: weights[path] for path in survey.remaining}
        probes = {
            layer.path: jnp.zeros((*layer.space_out, layer.channels_out), layer.dtype)
            for layer in survey.layers
        }
        result, pullback, seen = jax.vjp(outputs, leaves, probes, has_aux=True)
        cotangents = jax.nn.one_hot(labels, result.shape[0], dtype=result.dtype)
        gradients, signals = jax.vmap(pullback)(cotangents)
        return seen, signals, gradients

    return jax.vmap(of_row)(rows.inputs, rows.labels)


def _probed(
    network: Network, variables: Variables, inputs: Any, probes: dict[str, Any]
) -> tuple[jax.Array, dict[str, Any]]:
    """Outputs of one row with probes added to its layers' outputs, and these layers' inputs."""
    seen: dict[str, Any] = {}

    def add_probe(module: Any, path: str, inputs: Any, call: Any) -> Any:
        output = call()
        if path not in probes:
            return output
        seen[path] = inputs.astype(output.dtype).reshape(-1, inputs.shape[-1])
        return output + probes[path].reshape(output.shape)

    with intercepting(add_probe):
        return network.apply(variables, inputs), seen


def _dtype(weights: Weights) -> Any:
    """Dtype of the chosen leaves together."""
    return jnp.result_type(*weights.values())
