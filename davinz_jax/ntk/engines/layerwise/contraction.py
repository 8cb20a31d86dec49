"""Tiles of the Gram matrix from what was kept of two batches of rows.

Gradients take one matrix product; factors take the products of inputs and of signals between all
positions. On a CPU all products go to the host's BLAS, which is faster there than XLA's and has a
symmetric form; elsewhere to the matrix units at full float32 precision.
"""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Float

from davinz_jax.ntk.engines.layerwise.gradients import Kept
from davinz_jax.ntk.engines.layerwise.host import host_tile
from davinz_jax.ntk.engines.layerwise.layer import Layer, patch_products, pixel_products
from davinz_jax.ntk.engines.layerwise.survey import Form, Survey

SCRATCH_BYTES = 2**27
"""Bytes of position products that exist at a time."""


def contract_kept(survey: Survey, left: Kept, right: Kept | None) -> np.ndarray:
    """Tile (n, m) of inner products; (n, n), of `left` with itself, for None."""
    other = left if right is None else right
    shape = (left.gradients.shape[0], other.gradients.shape[0])
    tile = np.zeros(shape, _product_dtype(left.gradients))
    if left.gradients.shape[1]:
        tile += _gradient_product(left.gradients, None if right is None else other.gradients)
    if not left.inputs:
        return tile
    pairs = tuple(survey.factored())
    if jax.default_backend() != "cpu":
        return tile + np.asarray(_factor_tile(pairs, left[1:], other[1:]))
    beside = [None] * len(pairs) if right is None else zip(*right[1:], strict=True)
    for pair, own, others in zip(pairs, zip(*left[1:], strict=True), beside, strict=True):
        tile += host_tile(*pair, own, others)
    return tile


def _gradient_product(left: jax.Array, right: jax.Array | None) -> np.ndarray:
    """Inner products of gradients.

    NumPy takes a matrix with its own transpose at half the cost. All of NumPy's products run in
    one BLAS: SciPy has another, and the threads of two that take turns stand in each other's way.
    """
    other = left if right is None else right
    if jax.default_backend() != "cpu":
        return np.asarray(_device_product(left, other))
    dtype = _product_dtype(left)
    rows = np.asarray(left).astype(dtype, copy=False)
    return rows @ (rows if right is None else np.asarray(right).astype(dtype, copy=False)).T


def _product_dtype(kept: jax.Array) -> np.dtype:
    """Dtype in which products are added: no less than float32."""
    return np.dtype(jnp.promote_types(kept.dtype, jnp.float32))


@jax.jit
def _device_product(
    left: Float[jax.Array, "n p"], right: Float[jax.Array, "m p"]
) -> Float[jax.Array, "n m"]:
    """Inner products of gradients on the device."""
    return _einsum("ip,jp->ij", left, right)


def _einsum(subscripts: str, left: Any, right: Any) -> jax.Array:
    """Products at full precision of what is kept, added in float32 at least."""
    dtype = _product_dtype(left)
    return jnp.einsum(
        subscripts, left, right, precision=lax.Precision.HIGHEST, preferred_element_type=dtype
    )


@partial(jax.jit, static_argnames=("pairs",))
def _factor_tile(
    pairs: tuple[tuple[Layer, Form], ...], left: tuple[Any, Any], right: tuple[Any, Any]
) -> jax.Array:
    """Sum over factored layers of their tiles."""
    parts = zip(pairs, *left, *right, strict=True)
    return sum(  # type: ignore[return-value]
        _layer_tile(layer, form, (a, b), (a2, b2)) for (layer, form), a, b, a2, b2 in parts
    )


def _layer_tile(
    layer: Layer, form: Form, left: tuple[Any, Any], right: tuple[Any, Any]
) -> jax.Array:
    """Tile of one layer, a few rows of it at a time where position products are large."""
    products = patch_products if form == "patches" else pixel_products
    shape = (layer.positions, layer.groups)

    def rows_of(part: tuple[Any, Any]) -> jax.Array:
        b = part[1].reshape(len(part[1]), *shape, -1)
        b2 = right[1].reshape(len(right[1]), *shape, -1)
        inner = products(layer, part[0], right[0])
        signals = _einsum("itgo,jsgo->gitjs", b, b2)
        tile = jnp.sum(inner * signals, axis=(0, 2, 4))
        return tile + jnp.sum(signals, axis=(0, 2, 4)) if layer.with_bias else tile

    rows, columns = left[1].shape[0], right[1].shape[0]
    side = max(layer.positions, layer.positions_in if form == "pixels" else 0)
    a_row = 2 * layer.groups * columns * side**2 * left[1].dtype.itemsize
    logits_per_pass = max(1, min(rows, SCRATCH_BYTES // a_row))
    if logits_per_pass >= rows:
        return rows_of(left)
    whole = rows - rows % logits_per_pass
    grouped = jax.tree.map(lambda x: x[:whole].reshape(-1, logits_per_pass, *x.shape[1:]), left)
    tiles = lax.map(rows_of, grouped).reshape(whole, columns)
    if whole == rows:
        return tiles
    return jnp.concatenate([tiles, rows_of(jax.tree.map(lambda x: x[whole:], left))])
