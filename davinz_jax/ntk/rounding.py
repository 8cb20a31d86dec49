"""How far a float32 kernel is from the float64 one: measured on a few of its rows.

The difference of two entries, in units of √(K_ii K_jj), is much the same for all pairs of rows and
in all directions (measured on MLP, CNN and ResNet18), so that one number says it: its root mean
square. `kernels/rounding.py` draws kernels that differ so.
"""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int, Num, Shaped

from davinz_jax.executors import InProcess
from davinz_jax.ntk.engines.base import Engine
from davinz_jax.ntk.engines.layerwise import LayerwiseEngine
from davinz_jax.ntk.execution.plan import Plan, make_plan
from davinz_jax.ntk.execution.tiles import symmetric_gram
from davinz_jax.ntk.outputs import Rows
from davinz_jax.types import Array, Variables

NUM_ROWS = 12
"""Rows computed again: 78 entries, which say their root mean square to 8 %."""


def measure_rounding(
    plan: Plan,
    variables: Variables,
    rows: Rows,
    block: Int[np.ndarray, " s"],
    kernel: Float[np.ndarray, "s s"],
) -> float | None:
    """Root mean square of (K_ij − K⁶⁴_ij)/√(K_ii K_jj) over some rows of a block.

    Args:
        plan: by which the kernel was computed.
        variables: of the draw that it is of.
        rows: rows of the whole kernel.
        block: row of each of its positions, -1 in padding.
        kernel: one block, as it was computed.

    Returns:
        The number; None for a kernel that is in float64, whose gradients were rounded to bfloat16
        on purpose, or of a sketch, whose error is far larger.
    """
    precision = getattr(plan.engine, "precision", "full")
    if kernel.dtype != np.float32 or precision != "full" or plan.halves:
        return None
    places = np.unique(np.linspace(0, (block >= 0).sum() - 1, NUM_ROWS).astype(int))
    few = Rows(*(np.asarray(each)[block[places]] for each in rows))
    wide = _in_float64(plan, variables, few)
    scale = np.sqrt(np.maximum(np.diag(wide), np.finfo(np.float32).tiny))
    apart = (kernel[np.ix_(places, places)] - wide) / scale / scale[:, None]
    return float(np.sqrt(np.mean(np.square(apart))))


def _in_float64(plan: Plan, variables: Variables, rows: Rows) -> Float[np.ndarray, "r r"]:
    """The kernel of rows with themselves in float64, whatever JAX's precision is outside."""
    network, wide_rows = plan.network, Rows(_widen_host(rows.inputs), rows.labels)
    with jax.enable_x64(True):
        wide = jax.tree.map(_widen, variables)
        again = make_plan(_unfit(plan.engine), network, wide, wide_rows)
        return symmetric_gram(again, wide, wide_rows, InProcess((None,)))


def _unfit(engine: Engine) -> Engine:
    """The engine as it was before it met the network in another precision."""
    return replace(engine, survey=None) if isinstance(engine, LayerwiseEngine) else engine


def _widen_host(inputs: Num[Array, "n ..."]) -> Num[np.ndarray, "n ..."]:
    array = np.asarray(inputs)
    return array.astype(np.float64) if np.issubdtype(array.dtype, np.floating) else array


def _widen(leaf: Shaped[Array, "..."]) -> Shaped[Array, "..."]:
    is_float = jnp.issubdtype(leaf.dtype, jnp.floating)
    return jnp.asarray(np.asarray(leaf), jnp.float64 if is_float else None)
