"""The equations applied to every coalition anew, in float64: what fast paths are tested against."""

from functools import partial

import jax
import numpy as np
from jax import numpy as jnp

from davinz_jax import equations


def dense(blocks, rows, num_rows):
    """Diagonal blocks (i, b, s, s) as kernels (i, n, n) with zeros between them."""
    kernel = np.zeros((len(blocks), num_rows, num_rows))
    for b, each in enumerate(rows):
        own, place = each[each >= 0], np.flatnonzero(each >= 0)
        kernel[(slice(None), *np.ix_(own, own))] = blocks[:, b][
            (slice(None), *np.ix_(place, place))
        ]
    return kernel


def complexities(kernel, members, weights, *, ridge):
    """sqrt(q/n) of coalitions of rows (c, n), each row as often as it counts: (i, c)."""
    num_rows = kernel.residual.shape[1]
    with jax.enable_x64(True):
        one = partial(equations.complexity, ridge=ridge)
        of_all = jax.jit(jax.vmap(jax.vmap(one, (None, None, 0)), (0, 0, None)))
        whole = dense(kernel.blocks, kernel.rows, num_rows)
        return np.asarray(of_all(whole, kernel.residual.astype(np.float64), members * weights))


def predictions(kernel, members, weights, *, ridge):
    """f_S on the validation rows: blocks' regressions, averaged by their rows; (i, c, m, k)."""
    whole = dense(kernel.blocks, kernel.rows, kernel.residual.shape[1])
    start = kernel.validation_outputs
    with jax.enable_x64(True):
        one = partial(equations.kernel_regression, ridge=ridge)
        of_coalitions = jax.vmap(one, (None, None, None, None, 0))
        of_all = jax.jit(jax.vmap(of_coalitions, (0, 0, 0, 0, None)))
        shift = np.zeros((len(start), len(members), *start.shape[1:]))
        size = np.maximum((members * weights).sum(1), 1)[:, None, None]
        for block in kernel.rows:
            inside = members * weights * np.isin(np.arange(members.shape[1]), block)
            arrays = whole, kernel.validation_kernel, kernel.residual, start
            found = np.asarray(of_all(*(jnp.asarray(a, jnp.float64) for a in arrays), inside))
            shift += inside.sum(1)[:, None, None] / size * (found - start[:, None])
    return start[:, None] + shift


def discrepancies(inputs, validation_inputs, members, weights, *, bandwidth):
    """MMD of coalitions of rows (c, n) to the validation rows: (c,)."""
    with jax.enable_x64(True):
        one = partial(equations.mmd_squared, inputs, validation_inputs, bandwidth=bandwidth)
        squared = jax.jit(jax.vmap(one))((members * weights).astype(np.float64))
        return np.sqrt(np.maximum(squared, 0.0))


def tangent_kernel(apply, variables, inputs, classes, *, output, counts=lambda path, leaf: True):
    """Θ of rows with themselves, with respect to the leaves of `params` that count."""
    leaves, structure = jax.tree_util.tree_flatten_with_path(variables["params"])
    chosen = [place for place, leaf in enumerate(leaves) if counts(*leaf)]

    def outputs(parameters, rows):
        whole = [leaf for _, leaf in leaves]
        for place, leaf in zip(chosen, parameters, strict=True):
            whole[place] = leaf
        logits = apply({**variables, "params": jax.tree.unflatten(structure, whole)}, rows[0])
        if output != "label":
            return logits
        return jnp.take_along_axis(logits, rows[1][:, None], axis=1)

    rows, own = (inputs, classes), [leaves[place][1] for place in chosen]
    return np.asarray(jax.jit(partial(equations.tangent_kernel, outputs))(own, rows, rows))
