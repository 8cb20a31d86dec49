"""Answers on coalitions of grouped rows from one kernel: prefixes, batches, leave-one-out.

Notation: A = (K + λI)⁻¹, α = A r over all rows, S a coalition, P the rows of one group, N all rows.
Prefixes: with L = chol(K_ππ + λI) and z = L⁻¹ r_π, q(first m rows) = Σ_{i≤m} z_i².
Leave-one-out: q(N) − q(N∖P) = tr(α_Pᵀ (A_PP)⁻¹ α_P), which is α_i² / A_ii for one row.
Regressions obey the same identities with the validation kernel as further right-hand
columns. Each function ends in `finish(i, sums, sizes)`, which makes a utility of a coalition's sum
and its rows.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from davinz_jax.linalg.elimination import elimination_values
from davinz_jax.linalg.reductions import Reduction
from davinz_jax.linalg.solvers import Solver
from davinz_jax.linalg.systems import BlockSystem, Stack, group_index, group_positions

Finish = Callable[[int, np.ndarray, np.ndarray], np.ndarray]
"""(initialisation, sums (c, *shape), weighted rows (c,)) to utilities (c,)."""

CHUNK = 2**22
"""Float64 numbers that one batch of small matrices may hold."""

CACHE = 2**18
"""Float64 numbers that running sums are computed for at once, so that they stay in cache."""

CALL_COST = 2e5
"""Operations that one more call of LAPACK is worth."""


def grand_sums(system: BlockSystem, reduction: Reduction) -> Float[np.ndarray, "i ..."]:
    """Weighted sums of all rows, NaN where a block is not positive definite."""
    everyone = np.ones((1, system.num_groups), bool)
    with system.solver.scope():
        sums = [_direct_sums(system, i, everyone, reduction) for i in range(len(system.stacks))]
    return np.concatenate(sums)


def prefix_values(
    system: BlockSystem, permutation: Int[np.ndarray, " p"], reduction: Reduction, finish: Finish
) -> Float[np.ndarray, "i q"]:
    """Utilities of the q = p + 1 prefixes of a permutation of the groups, the empty one first."""
    position = np.argsort(permutation)
    sizes = np.cumsum(system.group_sizes[permutation])
    answers = []
    with system.solver.scope():
        for i, stacks in enumerate(system.stacks):
            parts = [part for s in stacks for part in _ordered(s, position, system.solver)]
            answers.append(_running_values(i, parts, sizes, reduction, finish))
    return np.stack(answers)


@dataclass
class _Ordered:
    """Whitened rows of one block in a permutation's order, and the sums over those passed."""

    rows: np.ndarray  # (w, c)
    key: np.ndarray  # (w,) position of each row's group in the permutation
    weights: np.ndarray  # (w,)
    passed: Any = 0.0  # sum of the rows passed, (*shape)
    count: float = 0.0  # weighted rows passed

    def add_steps(self, steps: np.ndarray, start: int, reduction: Reduction) -> None:
        """Add to steps what groups start, start + 1, ... change in the block's weighted sum."""
        used = slice(*np.searchsorted(self.key, [start, start + len(steps)]))
        key, rows = self.key[used] - start, self.rows[used]
        if not len(rows):
            return
        first = np.concatenate([[0], np.flatnonzero(np.diff(key)) + 1])
        change = _change_by_group(rows, first, reduction)
        if reduction.is_counted:
            change = self._recounted(change, np.add.reduceat(self.weights[used], first))
        steps[key[first]] += change

    def _recounted(self, change: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """Differences of count·sum, as each group adds to both."""
        before = self.count * self.passed
        counts = self.count + np.cumsum(counts)
        change[0] += self.passed
        running = np.cumsum(change, axis=0, out=change)
        self.passed, self.count = running[-1].copy(), counts[-1]
        running *= counts.reshape(-1, *(1 for _ in running.shape[1:]))
        steps = np.diff(running, axis=0, prepend=running[:1])
        steps[0] = running[0] - before
        return steps


def _change_by_group(rows, first, reduction: Reduction) -> np.ndarray:
    if len(first) == len(rows):
        return reduction.of(rows[:, None, :])
    return np.stack([reduction.of(part) for part in np.split(rows, first[1:])])


def _ordered(stack: Stack, position, solver: Solver) -> list[_Ordered]:
    """Each block's rows, whitened in the order of their groups' positions."""
    key = np.where(stack.groups < 0, len(position), position[stack.groups])
    order = np.argsort(key, axis=1, kind="stable")
    key = np.take_along_axis(key, order, 1)
    index = np.where(key < len(position), order, -1)
    gathered = solver.gather(stack.blocks, stack.damping, stack.rhs, index)
    whitened = np.asarray(solver.whiten(*gathered))
    weights = np.take_along_axis(stack.weights, order, 1)
    return [
        _Ordered(whitened[b, :num], key[b, :num], weights[b, :num])
        for b, num in enumerate((index >= 0).sum(1))
    ]


def _running_values(i: int, parts, sizes, reduction: Reduction, finish: Finish) -> np.ndarray:
    """Utilities of all prefixes, so many at once as fit in the processor's cache."""
    total = np.zeros(reduction.shape)
    values = [finish(i, total[None], np.zeros(1))]
    step = max(1, CACHE // int(np.prod(reduction.shape)))
    for start in range(0, len(sizes), step):
        reached = sizes[start : start + step]
        steps = np.zeros((len(reached), *reduction.shape))
        for part in parts:
            part.add_steps(steps, start, reduction)
        steps[0] += total
        sums = np.cumsum(steps, axis=0, out=steps)
        values.append(finish(i, sums, reached))
        total = sums[-1].copy()
    return np.concatenate(values)


def coalition_values(
    system: BlockSystem, members: Bool[np.ndarray, "c p"], reduction: Reduction, finish: Finish
) -> Float[np.ndarray, "i c"]:
    """Utilities of any coalitions: by shared elimination where that costs less, else one by one."""
    if not len(members):
        return np.zeros((len(system.stacks), 0))
    if _prefers_elimination(system, members):
        return elimination_values(system, members, reduction, finish)
    sizes = members @ system.group_sizes
    with system.solver.scope():
        answers = [
            np.concatenate(
                [
                    finish(i, _direct_sums(system, i, members[part], reduction), sizes[part])
                    for part in _chunks(len(members), int(np.prod(reduction.shape)))
                ]
            )
            for i in range(len(system.stacks))
        ]
    return np.stack(answers)


def _prefers_elimination(system: BlockSystem, members) -> bool:
    """Compare the operations of one Cholesky a coalition with those of the shared tree."""
    if system.num_groups > 60 or len(members) < 2:
        return False
    shared = 0.0
    counts = np.concatenate([s.group_counts(system.num_groups) for s in system.stacks[0]], axis=1)
    order = np.argsort(-counts.sum(1), kind="stable")
    direct = ((members @ counts) ** 3 / 3 + CALL_COST).sum()
    code = np.zeros(len(members), np.int64)
    for level, player in enumerate(order):
        code = 2 * code + members[:, player]
        rest = counts[order[level + 1 :]].sum(0)
        num_nodes = len(np.unique(code[members[:, player]]))
        shared += num_nodes * (2 * counts[player] * (counts[player] + rest) ** 2).sum()
    return bool(shared < direct)


def _direct_sums(system: BlockSystem, i: int, members, reduction: Reduction):
    """Weighted sums (c, *shape) of coalitions, one Cholesky of each block of each."""
    sums = np.zeros((len(members), *reduction.shape))
    for stack in system.stacks[i]:
        in_blocks = members @ stack.group_counts(system.num_groups).astype(np.float64)
        weights = reduction.weigh(in_blocks)
        for part in _direct_batches(system.solver, stack, members):
            index = _member_index(stack, members[part], system.solver)
            gathered = system.solver.gather(stack.blocks, stack.damping, stack.rhs, index)
            found = np.asarray(reduction.of(system.solver.whiten(*gathered)))
            sums[part] += (weights[part] * found).sum(1)
    return sums


def _direct_batches(solver: Solver, stack: Stack, members) -> Iterator[slice]:
    """One at a time where shapes are free, else as many as fit in memory."""
    if solver.is_ragged:
        return _chunks(len(members), CHUNK)
    return _chunks(len(members), stack.groups.size * stack.groups.shape[1])


def _member_index(stack: Stack, members, solver: Solver) -> Int[np.ndarray, "c b w"]:
    """Positions of the coalitions' rows in each block, -1 in padding."""
    is_in = members[:, stack.groups] & (stack.groups >= 0)
    counts = is_in.sum(-1, keepdims=True)
    width = solver.round_up(int(counts.max(initial=0)), stack.groups.shape[1])
    order = np.argsort(~is_in, axis=-1, kind="stable")[..., :width]
    return np.where(np.arange(width) < counts, order, -1)


def leave_one_out_values(
    system: BlockSystem, reduction: Reduction, finish: Finish
) -> Float[np.ndarray, "i p"]:
    """Utilities of all coalitions that lack one group, from one inverse of each block."""
    sizes = system.group_sizes.sum() - system.group_sizes
    answers = []
    with system.solver.scope():
        for i, stacks in enumerate(system.stacks):
            sums = np.zeros((system.num_groups, *reduction.shape))
            for stack in stacks:
                _add_left_out(sums, stack, reduction, system.solver)
            answers.append(finish(i, sums, sizes))
    return np.stack(answers)


def _add_left_out(sums, stack: Stack, reduction: Reduction, solver: Solver) -> None:
    counts = stack.group_counts(len(sums))
    inverted, whole = _invert(stack, reduction, solver)
    weights = reduction.weigh(counts.sum(0))
    sums += (weights * whole).sum(0)
    for chosen, index in _groups_by_size(stack, len(sums), reduction, solver):
        gathered = solver.gather(inverted.blocks, inverted.damping, inverted.rhs, index)
        change = np.asarray(reduction.of(solver.whiten(*gathered)))
        kept = reduction.weigh(counts.sum(0) - counts[chosen])
        sums[chosen] += (kept * (whole - change) - weights * whole).sum(1)


def _invert(stack: Stack, reduction: Reduction, solver: Solver):
    """The stack of A with rhs-hand sides A R, and the sums of all rows (b, *shape)."""
    index = np.broadcast_to(np.arange(stack.groups.shape[1]), stack.groups.shape)
    index = np.where(stack.groups < 0, -1, index)
    matrix, rhs = solver.gather(stack.blocks, stack.damping, stack.rhs, index)
    inverse = solver.inverse(matrix)
    solved = inverse @ rhs
    inverted = Stack(inverse, 0 * stack.damping, solved, stack.groups, stack.weights)
    return inverted, np.asarray(reduction.pair(rhs, solved))


def _groups_by_size(stack: Stack, num_groups: int, reduction: Reduction, solver: Solver):
    """Batches of groups of one size, as (groups (g,), index (g, b, w))."""
    largest = group_positions(stack.groups, num_groups).max(1)
    for width in np.unique(largest[largest > 0]):
        same = np.flatnonzero(largest == width)
        per_group = len(stack.groups) * (
            width * (width + stack.rhs.shape[-1]) + np.prod(reduction.shape)
        )
        for part in _chunks(len(same), int(per_group)):
            yield same[part], group_index(stack.groups, same[part], num_groups)


def _chunks(count: int, numbers_each: int) -> Iterator[slice]:
    step = max(1, CHUNK // max(numbers_each, 1))
    return (slice(start, start + step) for start in range(0, count, step))
