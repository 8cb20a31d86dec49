"""Block-diagonal systems (K + λI) x = r of grouped rows, as the coalition algorithms take them.

Rows belong to groups (players). Padding, and rows drawn no time, are left out. A row drawn w times
is the same as one row with damping λ/w: the copies share one kernel row, and integrating all but
one of them out of the quadratic form leaves λ/w on the diagonal.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float, Int, Num, ScalarLike

from davinz_jax.linalg.solvers import Solver


@dataclass(frozen=True)
class Stack:
    """Blocks of one size that are treated together.

    Lengths: b blocks, s rows a block, c rhs-hand columns.

    Attributes:
        blocks: (b, s, s) kernel without its damping; host or device, any float dtype.
        damping: (b, s) what is added to the diagonal.
        rhs: (b, s, c) rhs-hand sides, float64.
        groups: (b, s) host, group of each position, -1 in padding.
        weights: (b, s) host, how often each row counts, 0 in padding.
    """

    blocks: Any
    damping: Any
    rhs: Any
    groups: Int[np.ndarray, "b s"]
    weights: Float[np.ndarray, "b s"]

    def group_counts(self, num_groups: int) -> Float[np.ndarray, "p b"]:
        """Weighted rows of each group in each block."""
        counts = np.zeros((num_groups + 1, len(self.groups)))  # the last row takes the padding
        np.add.at(counts, (self.groups, np.arange(len(self.groups))[:, None]), self.weights)
        return counts[:-1]


@dataclass(frozen=True)
class BlockSystem:
    """One list of stacks for each initialisation, and the solver that works on them.

    Attributes:
        stacks: i lists; of one block each on the host, of all blocks (padded) on a device.
        num_groups: p, groups that rows belong to.
        num_columns: c, rhs-hand columns.
        solver: where the algebra runs.
    """

    stacks: Sequence[Sequence[Stack]]
    num_groups: int
    num_columns: int
    solver: Solver

    @cached_property
    def group_sizes(self) -> Float[np.ndarray, " p"]:
        """Weighted rows of each group."""
        counts = [stack.group_counts(self.num_groups).sum(1) for stack in self.stacks[0]]
        return np.sum(counts, axis=0)


def block_system(
    blocks: Num[np.ndarray, "i b s s"],
    rows: Int[np.ndarray, "b s"],
    rhs: Float[np.ndarray, "i n c"],
    groups: Int[np.ndarray, " n"],
    weights: Float[np.ndarray, " n"],
    *,
    ridge: ScalarLike,
    solver: Solver,
) -> BlockSystem:
    """Build the system, refusing numbers that are not finite and a ridge below zero.

    Args:
        blocks: diagonal blocks of K.
        rows: row at each block position, -1 in padding.
        rhs: rhs-hand sides of all n rows.
        groups: group of each row, 0..p-1.
        weights: times each row counts; 0 leaves it out.
        ridge: λ ≥ 0, absolute, in the unit of K.
        solver: where the algebra runs.
    """
    ridge = float(np.asarray(ridge))
    _check(blocks, rhs, ridge)
    weight = np.where(rows < 0, 0.0, weights[rows])
    label = np.where(weight > 0, groups[rows], -1)
    damping = ridge / np.where(weight > 0, weight, 1.0)
    make = _ragged_stacks if solver.is_ragged else _padded_stacks
    with solver.scope():
        stacks = [
            make(blocks[i], rows, rhs[i], label, weight, damping, solver)
            for i in range(len(blocks))
        ]
    return BlockSystem(stacks, int(groups.max()) + 1, rhs.shape[-1], solver)


def _check(blocks, rhs, ridge):
    if not (np.isfinite(ridge) and ridge >= 0):
        raise ValueError(f"ridge: wanted a finite number ≥ 0, got {ridge}; the paper's is 1e-4")
    for name, array in (("kernel", blocks), ("residual", rhs)):
        if not np.isfinite(array).all():
            raise ValueError(
                f"{name}: wanted finite numbers, got NaN or infinity; "
                "check the inputs and the network's outputs at initialisation"
            )


def _ragged_stacks(blocks, rows, rhs, label, weight, damping, solver):
    stacks = []
    for b in range(len(rows)):
        kept = np.flatnonzero(label[b] >= 0)
        is_whole = len(kept) == len(label[b])
        block = blocks[b] if is_whole else blocks[b][np.ix_(kept, kept)]
        columns = rhs[rows[b, kept]].astype(np.float64)
        stacks.append(
            Stack(
                block[None],
                damping[b, kept][None],
                columns[None],
                label[b, kept][None],
                weight[b, kept][None],
            )
        )
    return stacks


def _padded_stacks(blocks, rows, rhs, label, weight, damping, solver):
    columns = np.where((label >= 0)[..., None], rhs[rows], 0.0)
    place = solver.xp.asarray
    return [Stack(place(blocks), place(damping), place(columns), label, weight)]


def group_positions(groups: Int[np.ndarray, "b s"], num_groups: int) -> Int[np.ndarray, "p b"]:
    """Block positions that each group holds, whatever their weight."""
    return np.stack([np.bincount(each + 1, minlength=num_groups + 1)[1:] for each in groups], 1)


def group_index(
    groups: Int[np.ndarray, "b s"], chosen: Int[np.ndarray, " g"], num_groups: int
) -> Int[np.ndarray, "g b w"]:
    """Positions of the chosen groups' rows in each block, -1 where a block has fewer."""
    counts = group_positions(groups, num_groups)
    first = (groups < 0).sum(1) + np.cumsum(counts, axis=0) - counts
    order = np.argsort(groups, axis=1, kind="stable")
    offset = np.arange(counts[chosen].max(initial=0))
    place = np.minimum(first[chosen][..., None] + offset, groups.shape[1] - 1)
    position = order[np.arange(len(groups))[:, None], place]
    return np.where(offset < counts[chosen][..., None], position, -1)
