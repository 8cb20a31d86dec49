"""Slow twins: each coalition factorised anew from the whole kernel, in NumPy float64."""

import numpy as np


def random_blocks(rng, *, num_initialisations, num_rows, num_blocks, rank=None):
    """Random PSD blocks in float32, rows of each block (-1 padded) after a random permutation."""
    order = rng.permutation(num_rows)
    edges = [b * num_rows // num_blocks for b in range(num_blocks + 1)]
    size = max(np.diff(edges))
    rows = np.full((num_blocks, size), -1)
    blocks = np.zeros((num_initialisations, num_blocks, size, size), np.float32)
    for b, (start, stop) in enumerate(zip(edges, edges[1:], strict=False)):
        length = stop - start
        rows[b, :length] = order[start:stop]
        factor = rng.normal(size=(num_initialisations, length, rank or 2 * length))
        blocks[:, b, :length, :length] = factor @ factor.swapaxes(1, 2)
    return blocks, rows


def block_rows(rows, chosen):
    """Positions and rows of the chosen rows in each block."""
    for b, each in enumerate(rows):
        positions = np.flatnonzero(np.isin(each, chosen) & (each >= 0))
        yield b, positions, each[positions]


def quadratic_form(blocks, rows, residual, chosen, *, ridge, weights):
    """Sum over blocks of rᵀ (K + λ/w)⁻¹ r of the chosen rows, one initialisation."""
    total = 0.0
    for b, positions, members in block_rows(rows, chosen):
        kernel = blocks[b][np.ix_(positions, positions)].astype(np.float64)
        shifted = kernel + np.diag(ridge / weights[members])
        total += np.sum(residual[members] * np.linalg.solve(shifted, residual[members]))
    return total


def prediction(blocks, rows, residual, validation_kernel, chosen, *, ridge, weights):
    """Row-count-weighted mean over blocks of K_T (K + λ/w)⁻¹ r, one initialisation."""
    total = np.zeros((len(validation_kernel), residual.shape[1]))
    for b, positions, members in block_rows(rows, chosen):
        if len(members):
            kernel = blocks[b][np.ix_(positions, positions)].astype(np.float64)
            shifted = kernel + np.diag(ridge / weights[members])
            solved = np.linalg.solve(shifted, residual[members])
            total += weights[members].sum() * (validation_kernel[:, members] @ solved)
    size = weights[chosen].sum()
    return total / size if size else total
