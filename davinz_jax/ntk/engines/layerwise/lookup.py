"""Tiles of layers that look rows of a table up, on a CPU: products of what looked up the same row.

A row's gradient is, for each row of the table that it looked up, the sum of the signals of the
positions that did. Two rows' inner product is over the rows of the table that both looked up: few,
where texts share few words. So signals are sorted by the row of the table, and each takes one small
product of those who looked it up.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from davinz_jax.ntk.engines.layerwise.host import Factors
from davinz_jax.ntk.engines.layerwise.layer import Layer


class _Entries(NamedTuple):
    """Gradients of a batch of rows, entry by entry, those of one row of the table together.

    Attributes:
        table_rows: row of the table of each run of entries, ascending.
        starts: where each run begins, and the end of the last.
        owners: row of the batch that each entry is of, ascending in each run.
        values: summed signals.
    """

    table_rows: Int[np.ndarray, " v"]
    starts: Int[np.ndarray, " w"]
    owners: Int[np.ndarray, " e"]
    values: Float[np.ndarray, "e o"]

    def run(self, number: int) -> tuple[Int[np.ndarray, " k"], Float[np.ndarray, "k o"]]:
        """Owners and values of one row of the table."""
        where = slice(self.starts[number], self.starts[number + 1])
        return self.owners[where], self.values[where]


def lookup_tile(layer: Layer, factors: Factors, others: Factors | None) -> Float[np.ndarray, "n m"]:
    """Tile of one layer from indices and signals of two batches of rows.

    Args:
        layer: geometry.
        factors: indices (n, positions, 1), -1 where nothing was looked up, and signals of n rows.
        others: of m other rows; None is the n rows themselves.
    """
    del layer
    own = _collect(factors)
    beside = own if others is None else _collect(others)
    num_columns = len(factors[1]) if others is None else len(others[1])
    tile = np.zeros((len(factors[1]), num_columns), own.values.dtype)
    _, first, second = np.intersect1d(
        own.table_rows, beside.table_rows, assume_unique=True, return_indices=True
    )
    for left, right in zip(first.tolist(), second.tolist(), strict=True):
        rows, values = own.run(left)
        columns, other_values = (rows, values) if beside is own else beside.run(right)
        tile[np.ix_(rows, columns)] += values @ other_values.T
    return tile


def _collect(factors: Factors) -> _Entries:
    """Signals added up by the row of the table, and by the row of the batch."""
    indices, signals = np.asarray(factors[0])[..., 0], np.asarray(factors[1])
    num_rows, num_positions = indices.shape
    wide = np.promote_types(signals.dtype, np.float32)
    found = np.flatnonzero(indices.reshape(-1) >= 0)
    # Sorted by the table's row, then by the batch's.
    keys = indices.reshape(-1)[found].astype(np.int64) * num_rows + found // num_positions
    order = np.argsort(keys, kind="stable")
    entries, starts = np.unique(keys[order], return_index=True)
    flat = signals.reshape(num_rows * num_positions, -1)[found[order]].astype(wide, copy=False)
    values = np.add.reduceat(flat, starts, axis=0) if len(starts) else flat
    table_rows, runs = np.unique(entries // num_rows, return_index=True)
    return _Entries(table_rows, np.append(runs, len(entries)), entries % num_rows, values)
