"""Random systems of grouped rows, and their quadratic forms by the equation."""

import numpy as np

from davinz_jax.linalg import block_system, choose_solver
from davinz_jax.utility import all_coalitions
from tests import reference

RIDGE = 1e-2
EVERYBODY = all_coalitions(8)


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


class Case:
    """A random system of 5 initialisations and 8 groups, and its slow twin."""

    def __init__(self, num_blocks, solver="lapack", *, num_groups=8, num_rows=40, has_weights=True):
        rng = np.random.default_rng(7)
        self.blocks, self.rows = random_blocks(
            rng, num_initialisations=5, num_rows=num_rows, num_blocks=num_blocks, rank=6
        )
        self.residual = rng.normal(size=(5, num_rows, 2))
        self.groups = np.concatenate(
            [np.arange(num_groups), rng.integers(0, num_groups, num_rows - num_groups)]
        )
        self.weights = (
            rng.integers(0, 4, num_rows).astype(float) if has_weights else np.ones(num_rows)
        )
        self.num_groups = num_groups
        self.system = self.make_system(choose_solver(solver))

    def make_system(self, solver, ridge=RIDGE):
        return block_system(
            self.blocks,
            self.rows,
            self.residual,
            self.groups,
            self.weights,
            ridge=ridge,
            solver=solver,
        )

    def forms(self, members):
        """Quadratic forms (i, c), each coalition anew: q = n c² with c the equation's."""
        rows = members[:, self.groups]
        costs = reference.complexities(self, rows, self.weights, ridge=RIDGE)
        return (rows @ self.weights) * costs**2


def collect(chunks, num_coalitions, num_initialisations=5):
    """Sums (i, c) and rows (i, c) out of chunks; each coalition occurs once."""
    sums = np.full((num_initialisations, num_coalitions), np.nan)
    sizes = sums.copy()
    for chunk in chunks:
        assert np.isnan(sums[chunk.initialisation, chunk.coalitions]).all()
        sums[chunk.initialisation, chunk.coalitions] = chunk.sums
        sizes[chunk.initialisation, chunk.coalitions] = chunk.sizes
    return sums, sizes
