"""Tiles of the Gram matrix from the features of two batches of rows.

Gradients take one matrix product; factors take the products of inputs and of signals between all
positions. On a CPU all products go to the host's BLAS, which is faster there than XLA's and has a
symmetric form; elsewhere to the matrix units at full float32 precision.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Float, Int

from davinz_jax.ntk.engines.layerwise.gradients import Features
from davinz_jax.ntk.engines.layerwise.host import Factors, host_tile
from davinz_jax.ntk.engines.layerwise.layer import Layer, patch_products, pixel_products
from davinz_jax.ntk.engines.layerwise.lookup import lookup_tile
from davinz_jax.ntk.engines.layerwise.outer import outer_tile
from davinz_jax.ntk.engines.layerwise.survey import Form, Survey
from davinz_jax.types import Array

SCRATCH_BYTES = 2**27
"""Bytes of position products that exist at a time."""


def contract_features(
    survey: Survey, features: Features, other: Features | None
) -> Float[np.ndarray, "n m"]:
    """Tile of inner products of two batches' gradients; of the first with itself for None."""
    beside = features if other is None else other
    shape = (features.gradients.shape[0], beside.gradients.shape[0])
    tile = np.zeros(shape, _product_dtype(features.gradients))
    if features.gradients.shape[1]:
        tile += gradient_product(features.gradients, None if other is None else other.gradients)
    if not features.inputs:
        return tile
    pairs = tuple(survey.factored_layers())
    if jax.default_backend() != "cpu":
        return tile + np.asarray(_factor_tile(pairs, _factors(features), _factors(beside)))
    others = [None] * len(pairs) if other is None else _factors(other)
    for (layer, form), own, theirs in zip(pairs, _factors(features), others, strict=True):
        tile += factored_tile(layer, form, own, theirs)
    return tile


def contract_sketches(
    tile: Float[np.ndarray, "n m"], features: Features, other: Features | None
) -> Float[np.ndarray, "2 n m"]:
    """The estimate of a tile from both halves, and half the halves' difference.

    Args:
        tile: what is exact in it.
        features: of n rows.
        other: of m other rows; None is the n rows themselves.
    """
    others = (None,) * len(features.sketches) if other is None else other.sketches
    pairs = zip(features.sketches, others, strict=True)
    first, second = (gradient_product(own, theirs) for own, theirs in pairs)
    return np.stack([tile + (first + second) / 2, (first - second) / 2])


def factored_tile(
    layer: Layer, form: Form, factors: Factors, others: Factors | None
) -> Float[np.ndarray, "n m"]:
    """Tile of one factored layer on the host; of n rows with themselves for None."""
    if layer.table:
        return lookup_tile(layer, factors, others)
    if form == "outer":
        return outer_tile(layer, factors, others)
    return host_tile(layer, form, factors, others)


def _factors(features: Features) -> list[Factors]:
    """Inputs and signals of each layer in factors."""
    return list(zip(features.inputs, features.signals, strict=True))


def gradient_product(
    gradients: Float[Array, "n p"], other: Float[Array, "m p"] | None
) -> Float[np.ndarray, "n m"]:
    """Inner products of gradients.

    NumPy takes a matrix with its own transpose at half the cost. All of NumPy's products run in
    one BLAS: SciPy has another, and the threads of two that take turns stand in each other's way.
    """
    if jax.default_backend() != "cpu":
        beside = gradients if other is None else other
        return np.asarray(_device_product(gradients, beside))
    dtype = _product_dtype(gradients)
    rows = np.asarray(gradients).astype(dtype, copy=False)
    return rows @ (rows if other is None else np.asarray(other).astype(dtype, copy=False)).T


def _product_dtype(array: Float[Array, "..."]) -> np.dtype:
    """Dtype in which products are added: no less than float32."""
    return np.dtype(jnp.promote_types(array.dtype, jnp.float32))


@jax.jit
def _device_product(
    gradients: Float[Array, "n p"], others: Float[Array, "m p"]
) -> Float[Array, "n m"]:
    """Inner products of gradients on the device."""
    return _einsum("ip,jp->ij", gradients, others)


def _einsum(
    subscripts: str, operand: Float[Array, "..."], other: Float[Array, "..."]
) -> Float[Array, "..."]:
    """Products at full precision of what is cached, added in float32 at least."""
    dtype = _product_dtype(operand)
    return jnp.einsum(
        subscripts, operand, other, precision=lax.Precision.HIGHEST, preferred_element_type=dtype
    )


@partial(jax.jit, static_argnames=("pairs",))
def _factor_tile(
    pairs: tuple[tuple[Layer, Form], ...], factors: list[Factors], others: list[Factors]
) -> Float[Array, "n m"]:
    """Sum over layers in factors of their tiles."""
    parts = zip(pairs, factors, others, strict=True)
    return sum(  # type: ignore[return-value]
        _layer_tile(layer, form, own, theirs) for (layer, form), own, theirs in parts
    )


def _layer_tile(layer: Layer, form: Form, factors: Factors, others: Factors) -> Float[Array, "n m"]:
    """Tile of one layer, a few rows of it at a time where position products are large."""
    if form == "outer":
        return _formed_tile(layer, factors, others)
    products = patch_products if form == "patches" else pixel_products
    shape = (layer.positions, layer.groups)

    def few_rows(few: Factors) -> Float[Array, "r m"]:
        b = few[1].reshape(len(few[1]), *shape, -1)
        b2 = others[1].reshape(len(others[1]), *shape, -1)
        inner = products(layer, few[0], others[0])
        signals = _einsum("itgo,jsgo->gitjs", b, b2)
        return jnp.sum(inner * signals, axis=(0, 2, 4))

    rows, columns = factors[1].shape[0], others[1].shape[0]
    side = max(layer.positions, layer.positions_in if form == "pixels" else 0)
    row_bytes = 2 * layer.groups * columns * side**2 * factors[1].dtype.itemsize
    step = max(1, min(rows, SCRATCH_BYTES // row_bytes))
    if step >= rows:
        return few_rows(factors)
    whole = rows - rows % step
    steps = jax.tree.map(lambda x: x[:whole].reshape(-1, step, *x.shape[1:]), factors)
    tiles = lax.map(few_rows, steps).reshape(whole, columns)
    if whole == rows:
        return tiles
    return jnp.concatenate([tiles, few_rows(jax.tree.map(lambda x: x[whole:], factors))])


def _formed_tile(layer: Layer, factors: Factors, others: Factors) -> Float[Array, "n m"]:
    """Tile of one layer by its gradients, formed a few input channels at a time."""
    (u, b), (u2, b2) = (_by_group(layer, side) for side in (factors, others))
    channels, largest = u.shape[-1], max(b.size // b.shape[1], b2.size // b2.shape[1])
    width = max(1, min(channels, SCRATCH_BYTES // (2 * largest * b.dtype.itemsize)))
    num_parts = -(-channels // width)
    around = [(0, 0)] * (u.ndim - 1) + [(0, num_parts * width - channels)]
    u, u2 = jnp.pad(u, around), jnp.pad(u2, around)

    def add(part: Int[Array, ""], tile: Float[Array, "n m"]) -> Float[Array, "n m"]:
        few, few2 = (
            lax.dynamic_slice_in_dim(each, part * width, width, axis=3) for each in (u, u2)
        )
        formed = _einsum("ntgu,ntgo->nguo", few, b).astype(b.dtype)
        formed2 = _einsum("ntgu,ntgo->nguo", few2, b2).astype(b.dtype)
        return tile + _einsum("iguo,jguo->ij", formed, formed2)

    tile = jnp.zeros((len(u), len(u2)), _product_dtype(b))
    return lax.fori_loop(0, num_parts, add, tile)


def _by_group(
    layer: Layer, factors: Factors
) -> tuple[Float[Array, "n t g u"], Float[Array, "n t g o"]]:
    """Inputs and signals of a layer without a window, by position and group."""
    inputs, signals = (jnp.asarray(factor) for factor in factors)
    shape = (layer.positions, layer.groups)
    return (
        inputs.reshape(len(inputs), *shape, -1),
        signals.reshape(len(signals), *shape, -1),
    )
