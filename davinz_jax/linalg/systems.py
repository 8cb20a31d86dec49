"""Block-diagonal systems (K + λI) x = r of grouped rows, as the coalition algorithms take them.

Rows belong to groups (players). Padding, and rows drawn no time, are left out. A row drawn w times
is the same as one row with damping λ/w: the copies share one kernel row, and integrating all but
one of them out of the quadratic form leaves λ/w on the diagonal.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int, Num, ScalarLike

from davinz_jax.linalg.reductions import Array
from davinz_jax.linalg.solvers import AbstractSolver

Ridge = ScalarLike | Num[np.ndarray, " i"]
"""λ of all initialisations, or one for each; absolute, in the kernel's unit."""


@dataclass(frozen=True)
class Stack:
    """Blocks of one size that are treated together.

    Lengths: b blocks, s rows a block, c right-hand columns.

    Attributes:
        blocks: kernel without its damping; host or device, any float dtype.
        damping: what is added to the diagonal.
        rhs: right-hand sides, float64.
        groups: host, group of each position, -1 in padding.
        weights: host, how often each row counts, 0 in padding.
    """

    blocks: Num[Array, "b s s"]
    damping: Float[Array, "b s"]
    rhs: Float[Array, "b s c"]
    groups: Int[np.ndarray, "b s"]
    weights: Float[np.ndarray, "b s"]

    def group_sizes(self, num_groups: int) -> Float[np.ndarray, "p b"]:
        """Rows of each group in each block, as often as they count."""
        sizes = np.zeros((num_groups + 1, len(self.groups)))  # the last row takes the padding
        np.add.at(sizes, (self.groups, np.arange(len(self.groups))[:, None]), self.weights)
        return sizes[:-1]


@dataclass(frozen=True)
class BlockSystem:
    """One list of stacks for each initialisation, and the solver that works on them.

    Attributes:
        stacks: i lists; of one block each on the host, of all blocks (padded) on a device.
        num_groups: p, groups that rows belong to.
        solver: where the algebra runs.
    """

    stacks: Sequence[Sequence[Stack]]
    num_groups: int
    solver: AbstractSolver

    @cached_property
    def num_rows(self) -> int:
        """Rows of the largest block."""
        return max(stack.groups.shape[1] for stack in self.stacks[0])

    @cached_property
    def group_sizes(self) -> Float[np.ndarray, " p"]:
        """Rows of each group, as often as they count."""
        sizes = [stack.group_sizes(self.num_groups).sum(1) for stack in self.stacks[0]]
        return np.sum(sizes, axis=0)


def block_system(
    blocks: Num[np.ndarray, "i b s s"],
    rows: Int[np.ndarray, "b s"],
    rhs: Num[np.ndarray, "i n c"],
    groups: Int[np.ndarray, " n"],
    weights: Float[np.ndarray, " n"],
    *,
    ridge: Ridge,
    solver: AbstractSolver,
) -> BlockSystem:
    """Build the system; numbers are taken to be finite.

    Args:
        blocks: diagonal blocks of K.
        rows: row at each block position, -1 in padding.
        rhs: right-hand sides of all n rows.
        groups: group of each row, 0..p-1.
        weights: times each row counts; 0 leaves it out.
        ridge: λ ≥ 0, absolute, in the unit of K; or one for each initialisation.
        solver: where the algebra runs.

    Raises:
        ValueError: for a ridge below zero or not finite.
    """
    ridges = check_ridges(ridge, len(blocks))
    weight = np.where(rows < 0, 0.0, weights[rows])
    group = np.where(weight > 0, groups[rows], -1)
    share = 1.0 / np.where(weight > 0, weight, 1.0)
    make = _ragged_stacks if solver.is_ragged else _padded_stacks
    with solver.scope(blocks.shape[-1]):
        stacks = [
            make(blocks[i], rows, rhs[i], group, weight, ridges[i] * share, solver)
            for i in range(len(blocks))
        ]
    return BlockSystem(stacks, int(groups.max()) + 1, solver)


def check_ridges(ridge: Ridge, num_initialisations: int) -> Float[np.ndarray, " i"]:
    """One ridge for each initialisation; raises ValueError unless all are finite and ≥ 0."""
    ridges = np.asarray(ridge, np.float64)
    if ridges.shape not in ((), (num_initialisations,)):
        raise ValueError(
            f"ridge: wanted one, or one for each of {num_initialisations} initialisations, got "
            f"shape {ridges.shape}; give a single number"
        )
    if not (np.isfinite(ridges) & (ridges >= 0)).all():
        raise ValueError(f"ridge: wanted a finite number ≥ 0, got {ridge}; the paper's is 1e-4")
    return np.broadcast_to(ridges, num_initialisations)


def _ragged_stacks(
    blocks: Num[np.ndarray, "b s s"],
    rows: Int[np.ndarray, "b s"],
    rhs: Num[np.ndarray, "n c"],
    group: Int[np.ndarray, "b s"],
    weight: Float[np.ndarray, "b s"],
    damping: Float[np.ndarray, "b s"],
    solver: AbstractSolver,
) -> list[Stack]:
    """Each block by itself, without the rows that are left out."""
    stacks = []
    for b in range(len(rows)):
        used = np.flatnonzero(group[b] >= 0)
        is_whole = len(used) == len(group[b])
        block = blocks[b] if is_whole else blocks[b][np.ix_(used, used)]
        columns = rhs[rows[b, used]].astype(np.float64)
        alone = (each[b, used][None] for each in (group, weight))
        stacks.append(Stack(block[None], damping[b, used][None], columns[None], *alone))
    return stacks


def _padded_stacks(
    blocks: Num[np.ndarray, "b s s"],
    rows: Int[np.ndarray, "b s"],
    rhs: Num[np.ndarray, "n c"],
    group: Int[np.ndarray, "b s"],
    weight: Float[np.ndarray, "b s"],
    damping: Float[np.ndarray, "b s"],
    solver: AbstractSolver,
) -> list[Stack]:
    """All blocks together, on the device."""
    columns = np.where((group >= 0)[..., None], rhs[rows].astype(np.float64), 0.0)
    place = solver.xp.asarray
    return [Stack(place(blocks), place(damping), place(columns), group, weight)]


def group_positions(groups: Int[np.ndarray, "b s"], num_groups: int) -> Int[np.ndarray, "p b"]:
    """Number of block positions that each group holds, whatever their weight."""
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
