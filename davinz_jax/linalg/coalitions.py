"""Sums over coalitions of grouped rows from one kernel: prefixes, batches, leave-one-out.

Notation: A = (K + λI)⁻¹, α = A r over all rows, S a coalition, P the rows of one group, N all rows.
Prefixes: with L = chol(K_ππ + λI) and z = L⁻¹ r_π, q(first m rows) = Σ_{i≤m} z_i².
Leave-one-out: q(N) − q(N∖P) = tr(α_Pᵀ (A_PP)⁻¹ α_P), which is α_i² / A_ii for one row.
Regressions obey the same identities with the validation kernel as further right-hand columns. Each
function yields chunks, in which a utility finds a coalition's sum and its rows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from davinz_jax.linalg.elimination import elimination_sums
from davinz_jax.linalg.reductions import Chunk, Reduction
from davinz_jax.linalg.solvers import AbstractSolver
from davinz_jax.linalg.systems import BlockSystem, Stack, group_index, group_positions

BATCH = 2**22
"""Float64 numbers that one batch of small matrices may hold."""

CACHE = 2**18
"""Float64 numbers that running sums are computed for at once, so that they stay in cache."""

CALL_COST = 2e5
"""Operations that one more call of LAPACK is worth."""


def grand_sums(system: BlockSystem, reduction: Reduction) -> Float[np.ndarray, " i *shape"]:
    """Sums of all rows, NaN where a block is not positive definite."""
    everyone = np.ones((1, system.num_groups), bool)
    sums = [_direct_sums(system, i, everyone, reduction) for i in range(len(system.stacks))]
    return np.concatenate(sums)


def prefix_sums(
    system: BlockSystem, permutation: Int[np.ndarray, " p"], reduction: Reduction
) -> Iterator[Chunk]:
    """Sums of the p + 1 prefixes of a permutation of the groups, the empty one first."""
    position = np.argsort(permutation)
    sizes = np.cumsum(system.group_sizes[permutation])
    for i, stacks in enumerate(system.stacks):
        with system.solver.scope(system.num_rows):
            parts = [part for s in stacks for part in _ordered_blocks(s, position, system.solver)]
        yield from _running_chunks(i, parts, sizes, reduction)


@dataclass
class _OrderedBlock:
    """Whitened rows of one block in a permutation's order, and the sums over those passed."""

    rows: Float[np.ndarray, "w c"]
    position: Int[np.ndarray, " w"]  # of each row's group in the permutation
    weights: Float[np.ndarray, " w"]
    passed: Float[np.ndarray, "*shape"]  # sum of the rows passed
    size: float = 0.0  # rows passed, as often as they count

    def add_steps(
        self, steps: Float[np.ndarray, " q *shape"], start: int, reduction: Reduction
    ) -> None:
        """Add to steps what groups start, start + 1, ... change in the block's part."""
        used = slice(*np.searchsorted(self.position, [start, start + len(steps)]))
        position, rows = self.position[used] - start, self.rows[used]
        if not len(rows):
            return
        first = np.concatenate([[0], np.flatnonzero(np.diff(position)) + 1])
        change = _change_by_group(rows, first, reduction)
        if reduction.is_averaged:
            change = self._times_size(change, np.add.reduceat(self.weights[used], first))
        steps[position[first]] += change

    def _times_size(
        self, change: Float[np.ndarray, " g *shape"], sizes: Float[np.ndarray, " g"]
    ) -> Float[np.ndarray, " g *shape"]:
        """Differences of size·sum, as each group adds to both."""
        before = self.size * self.passed
        reached = self.size + np.cumsum(sizes)
        change[0] += self.passed
        running = np.cumsum(change, axis=0, out=change)
        self.passed, self.size = running[-1].copy(), float(reached[-1])
        running *= reached.reshape(-1, *(1 for _ in running.shape[1:]))
        steps = np.diff(running, axis=0, prepend=running[:1])
        steps[0] = running[0] - before
        return steps


def _change_by_group(
    rows: Float[np.ndarray, "w c"], first: Int[np.ndarray, " g"], reduction: Reduction
) -> Float[np.ndarray, " g *shape"]:
    if len(first) == len(rows):
        return np.asarray(reduction.sum_rows(rows[:, None, :]))
    return np.stack([reduction.sum_rows(part) for part in np.split(rows, first[1:])])


def _ordered_blocks(
    stack: Stack, position: Int[np.ndarray, " p"], solver: AbstractSolver
) -> list[_OrderedBlock]:
    """Each block's rows, whitened in the order of their groups' positions."""
    place = np.where(stack.groups < 0, len(position), position[stack.groups])
    order = np.argsort(place, axis=1, kind="stable")
    place = np.take_along_axis(place, order, 1)
    index = np.where(place < len(position), order, -1)
    gathered = solver.gather(stack.blocks, stack.damping, stack.rhs, index)
    whitened = np.asarray(solver.whiten(*gathered))
    weights = np.take_along_axis(stack.weights, order, 1)
    return [
        _OrderedBlock(whitened[b, :num], place[b, :num], weights[b, :num], np.zeros(()))
        for b, num in enumerate((index >= 0).sum(1))
    ]


def _running_chunks(
    i: int,
    parts: Sequence[_OrderedBlock],
    sizes: Float[np.ndarray, " p"],
    reduction: Reduction,
) -> Iterator[Chunk]:
    """Sums of all prefixes, so many at once as fit in the processor's cache."""
    total = np.zeros(reduction.shape)
    yield Chunk(i, slice(0, 1), total[None], np.zeros(1))
    step = max(1, CACHE // int(np.prod(reduction.shape)))
    for start in range(0, len(sizes), step):
        reached = sizes[start : start + step]
        steps = np.zeros((len(reached), *reduction.shape))
        for part in parts:
            part.add_steps(steps, start, reduction)
        steps[0] += total
        sums = np.cumsum(steps, axis=0, out=steps)
        yield Chunk(i, slice(start + 1, start + 1 + len(reached)), sums, reached)
        total = sums[-1].copy()


def coalition_sums(
    system: BlockSystem, members: Bool[np.ndarray, "c p"], reduction: Reduction
) -> Iterator[Chunk]:
    """Sums of any coalitions: by shared elimination where that costs less, else one by one."""
    if _prefers_elimination(system, members):
        yield from elimination_sums(system, members, reduction)
        return
    sizes = members @ system.group_sizes
    for i in range(len(system.stacks)):
        for part in _slices(len(members), int(np.prod(reduction.shape))):
            yield Chunk(i, part, _direct_sums(system, i, members[part], reduction), sizes[part])


def _prefers_elimination(system: BlockSystem, members: Bool[np.ndarray, "c p"]) -> bool:
    """Compare the operations of one Cholesky a coalition with those of the shared tree."""
    if system.num_groups > 60 or len(members) < 2:
        return False
    shared = 0.0
    sizes = np.concatenate([s.group_sizes(system.num_groups) for s in system.stacks[0]], axis=1)
    order = np.argsort(-sizes.sum(1), kind="stable")
    direct = ((members @ sizes) ** 3 / 3 + CALL_COST).sum()
    code = np.zeros(len(members), np.int64)
    for depth, player in enumerate(order):
        code = 2 * code + members[:, player]
        rest = sizes[order[depth + 1 :]].sum(0)
        num_nodes = len(np.unique(code[members[:, player]]))
        shared += num_nodes * (2 * sizes[player] * (sizes[player] + rest) ** 2).sum()
    return bool(shared < direct)


def _direct_sums(
    system: BlockSystem, i: int, members: Bool[np.ndarray, "c p"], reduction: Reduction
) -> Float[np.ndarray, " c *shape"]:
    """Sums of coalitions, one Cholesky of each block of each."""
    sums = np.zeros((len(members), *reduction.shape))
    with system.solver.scope(system.num_rows):
        for stack in system.stacks[i]:
            in_blocks = members @ stack.group_sizes(system.num_groups)
            factors = reduction.block_factors(in_blocks)
            for part in _direct_batches(system.solver, stack, len(members)):
                index = _member_index(stack, members[part], system.solver)
                gathered = system.solver.gather(stack.blocks, stack.damping, stack.rhs, index)
                found = np.asarray(reduction.sum_rows(system.solver.whiten(*gathered)))
                sums[part] += (factors[part] * found).sum(1)
    return sums


def _direct_batches(solver: AbstractSolver, stack: Stack, num_coalitions: int) -> Iterator[slice]:
    """One at a time where shapes are free, else as many as fit in memory."""
    if solver.is_ragged:
        return _slices(num_coalitions, BATCH)
    return _slices(num_coalitions, stack.groups.size * stack.groups.shape[1])


def _member_index(
    stack: Stack, members: Bool[np.ndarray, "c p"], solver: AbstractSolver
) -> Int[np.ndarray, "c b w"]:
    """Positions of the coalitions' rows in each block, -1 in padding."""
    is_in = members[:, stack.groups] & (stack.groups >= 0)
    counts = is_in.sum(-1, keepdims=True)
    width = solver.round_up(int(counts.max(initial=0)), stack.groups.shape[1])
    order = np.argsort(~is_in, axis=-1, kind="stable")[..., :width]
    return np.where(np.arange(width) < counts, order, -1)


def leave_one_out_sums(system: BlockSystem, reduction: Reduction) -> Iterator[Chunk]:
    """Sums of all coalitions that lack one group, from one inverse of each block."""
    sizes = system.group_sizes.sum() - system.group_sizes
    for i, stacks in enumerate(system.stacks):
        sums = np.zeros((system.num_groups, *reduction.shape))
        with system.solver.scope(system.num_rows):
            for stack in stacks:
                _add_without_one(sums, stack, reduction, system.solver)
        yield Chunk(i, slice(0, len(sums)), sums, sizes)


def _add_without_one(
    sums: Float[np.ndarray, " p *shape"], stack: Stack, reduction: Reduction, solver: AbstractSolver
) -> None:
    sizes = stack.group_sizes(len(sums))
    inverted, whole = _invert(stack, reduction, solver)
    factors = reduction.block_factors(sizes.sum(0))
    sums += (factors * whole).sum(0)
    for chosen, index in _groups_by_size(stack, len(sums), reduction):
        gathered = solver.gather(inverted.blocks, inverted.damping, inverted.rhs, index)
        change = np.asarray(reduction.sum_rows(solver.whiten(*gathered)))
        without = reduction.block_factors(sizes.sum(0) - sizes[chosen])
        sums[chosen] += (without * (whole - change) - factors * whole).sum(1)


def _invert(
    stack: Stack, reduction: Reduction, solver: AbstractSolver
) -> tuple[Stack, Float[np.ndarray, " b *shape"]]:
    """The stack of A with right-hand sides A R, and the sums of all rows."""
    index = np.broadcast_to(np.arange(stack.groups.shape[1]), stack.groups.shape)
    index = np.where(stack.groups < 0, -1, index)
    matrix, rhs = solver.gather(stack.blocks, stack.damping, stack.rhs, index)
    inverse = solver.inverse(matrix)
    solved = inverse @ rhs
    inverted = Stack(inverse, 0 * stack.damping, solved, stack.groups, stack.weights)
    return inverted, np.asarray(reduction.pair(rhs, solved))


def _groups_by_size(
    stack: Stack, num_groups: int, reduction: Reduction
) -> Iterator[tuple[Int[np.ndarray, " g"], Int[np.ndarray, "g b w"]]]:
    """Batches of groups of one size, and the positions of their rows."""
    largest = group_positions(stack.groups, num_groups).max(1)
    for width in np.unique(largest[largest > 0]):
        same = np.flatnonzero(largest == width)
        per_group = len(stack.groups) * (
            width * (width + stack.rhs.shape[-1]) + np.prod(reduction.shape)
        )
        for part in _slices(len(same), int(per_group)):
            yield same[part], group_index(stack.groups, same[part], num_groups)


def _slices(count: int, numbers_each: int) -> Iterator[slice]:
    step = max(1, BATCH // max(numbers_each, 1))
    return (slice(start, min(start + step, count)) for start in range(0, count, step))
