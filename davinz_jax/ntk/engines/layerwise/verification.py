"""The layer-wise engine against a plain Jacobian, on one row and one pair of rows of a network.

A network that is traced twice need not come out the same (it may read a clock, or count its calls),
and a reader may err. So each leaf's share of the kernel of two rows is computed both ways, by its
features and by differentiating the network as a whole, for one random combination of all outputs:
gradients are linear in them, and one backward pass a row will do.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int, Num

from davinz_jax.ntk.engines.layerwise.contraction import factored_tile
from davinz_jax.ntk.engines.layerwise.gradients import Features, represent_rows
from davinz_jax.ntk.engines.layerwise.survey import Survey
from davinz_jax.ntk.outputs import Network, coarsest_step
from davinz_jax.ntk.parameters import Parameters, merge_variables, split_variables
from davinz_jax.types import Array, Variables

TOLERANCE = 1e-4
"""Difference allowed in the kernel of two rows, of its largest entry, for a network in float32."""
_LAYER_TOLERANCE = 1e-2
"""Difference allowed in a layer's own share, however small, of the share; a ReLU on the brink may
fall either way in either computation."""
_LEAST_SHARE = 1e-7
"""Share of the kernel below which a layer's gradient is the rounding of zero."""

Tiles = dict[str, Float[np.ndarray, "r r"]]
"""Kernel of a few rows by leaf."""


class Fault(NamedTuple):
    """Where the engine departs from a plain Jacobian.

    Attributes:
        place: path of a leaf.
        difference: largest one in the kernel of two rows, of its largest entry.
    """

    place: str
    difference: float

    def __str__(self) -> str:
        return (
            f"the layer-wise engine's kernel of two rows departs from a plain Jacobian's by "
            f"{self.difference:.2g} of its size, in {self.place}: what the network computes is not "
            "what was read of it (is it a function of its arguments alone?)"
        )


def find_fault(
    network: Network,
    survey: Survey,
    variables: Variables,
    inputs: Num[Array, "n ..."],
    logits: Int[np.ndarray, "n l"],
    *,
    chunk: int,
) -> Fault | None:
    """Where the kernel of the first two rows is not that of a plain Jacobian; None for nowhere.

    Args:
        network: model, output and chosen parameters.
        survey: what the engine knows of it.
        variables: of one draw.
        inputs: rows, as many as a chunk where the shape that the kernel needs is to be compiled.
        logits: outputs that each row's pass differentiates.
        chunk: rows at a time, as in `represent_rows`.
    """
    weights = np.random.default_rng(0).normal(size=logits.shape[1])
    features = represent_rows(network, survey, variables, inputs, logits, chunk=chunk)
    few = jax.tree.map(lambda leaf: np.asarray(leaf[:2]), features)
    chosen, _ = split_variables(variables, parameters=network.parameters)
    sizes = {path: int(np.prod(chosen[path].shape)) for path in survey.remaining}
    found = _formed_tiles(survey, sizes, few.gradients, weights)
    for path, tile in _factor_tiles(survey, few, weights).items():
        found[path] = found.get(path, 0.0) + tile
    cotangents = np.eye(survey.num_logits)[logits[:2]].swapaxes(1, 2) @ weights
    wanted = _plain_tiles(network, survey, variables, inputs[:2], cotangents)
    step = max(coarsest_step(network, variables, inputs), _step(survey))
    return _compare(found, wanted, max(TOLERANCE, 16 * step))


def _step(survey: Survey) -> float:
    """Relative step of the numbers in which features are kept."""
    return 0.0 if survey.precision == "full" else float(jnp.finfo(survey.precision).eps)


def _compare(found: Tiles, wanted: Tiles, tolerance: float) -> Fault | None:
    """The place of the largest difference, if the sums or one place's shares differ too much."""
    total, plain = sum(found.values()), sum(wanted.values())
    size = max(np.abs(plain).max(), np.abs(total).max())
    if size == 0 or not np.isfinite(size):
        return None
    gaps = {place: np.abs(found[place] - tile).max() for place, tile in wanted.items()}
    allowed = max(tolerance, _LAYER_TOLERANCE)
    is_off = any(
        gaps[place] > allowed * np.abs(tile).max() + _LEAST_SHARE * size
        for place, tile in wanted.items()
    )
    difference = np.abs(total - plain).max() / size
    if difference <= tolerance and not is_off:
        return None
    place = max(gaps, key=gaps.__getitem__)
    return Fault(place, max(difference, gaps[place] / size))


def _formed_tiles(
    survey: Survey,
    remaining: Mapping[str, int],
    gradients: Float[np.ndarray, "r p"],
    weights: Float[np.ndarray, " l"],
) -> Tiles:
    """Tiles of layers kept as gradients and of the remaining leaves, whose sizes are given."""
    parts = list[tuple[str, int]]()
    for layer, form in zip(survey.layers, survey.forms, strict=True):
        if form == "gradient":
            parts.append((layer.path, layer.num_parameters))
    parts += remaining.items()
    tiles: Tiles = {}
    ends = np.cumsum([len(weights) * size for _, size in parts])
    for (place, _), part in zip(parts, np.split(gradients, ends, axis=1), strict=False):
        apart = part.reshape(len(part), len(weights), -1).astype(np.float32)
        rows = np.tensordot(weights, apart, axes=(0, 1))
        tiles[place] = tiles.get(place, 0.0) + rows @ rows.T
    return tiles


def _factor_tiles(survey: Survey, features: Features, weights: Float[np.ndarray, " l"]) -> Tiles:
    """Tiles of layers kept as factors, in the form in which they are contracted."""
    tiles: Tiles = {}
    pairs = survey.factored_layers()
    for (layer, form), inputs, joined in zip(pairs, features.inputs, features.signals, strict=True):
        apart = joined.reshape(*joined.shape[:2], layer.groups, len(weights), -1)
        signals = np.einsum("rtglo,l->rtgo", apart.astype(np.float64), weights)
        signals = signals.reshape(len(joined), layer.positions, -1)
        wide = inputs if layer.table else inputs.astype(np.float64)
        tile = factored_tile(layer, form, (wide, signals), None)
        tiles[layer.path] = tiles.get(layer.path, 0.0) + tile
    return tiles


def _plain_tiles(
    network: Network,
    survey: Survey,
    variables: Variables,
    inputs: Num[Array, "r ..."],
    cotangents: Float[np.ndarray, "r k"],
) -> Tiles:
    """Tiles by the gradient of the network as a whole, row by row."""
    rows = zip(inputs, cotangents, strict=True)
    gradients = [_plain_gradient(network, variables, row, cotangent) for row, cotangent in rows]
    paths = {layer.path for layer in survey.layers}.union(survey.remaining)
    return {path: _products([each[path] for each in gradients]) for path in sorted(paths)}


def _products(gradients: Sequence[Float[Array, "..."]]) -> Float[np.ndarray, "r r"]:
    """Inner products of arrays."""
    wide = np.promote_types(gradients[0].dtype, np.float32)
    rows = [np.asarray(each).reshape(-1).astype(wide, copy=False) for each in gradients]
    return np.array([[np.vdot(row, other) for other in rows] for row in rows], np.float64)


@partial(jax.jit, static_argnames="network")
def _plain_gradient(
    network: Network, variables: Variables, row: Num[Array, "..."], cotangent: Float[Array, " k"]
) -> Parameters:
    """Gradient of a combination of one row's outputs with respect to the chosen leaves."""
    chosen, rest = split_variables(variables, parameters=network.parameters)

    def combined(leaves: Parameters) -> Float[Array, ""]:
        outputs = network.apply(merge_variables(leaves, rest), row[None])[0]
        return jnp.sum(outputs * cotangent.astype(outputs.dtype))

    with jax.default_matmul_precision("highest"):
        return jax.grad(combined)(chosen)
