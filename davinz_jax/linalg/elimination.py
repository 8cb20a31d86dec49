"""Every coalition of few groups from a tree of eliminations.

A node has decided on the first groups of an order. It holds the Schur complement of the rows of the
groups still to come, their rhs-hand sides, and the sum so far. Its two children eliminate the
next group's rows (a member) or drop them (not a member), so that coalitions share the work of all
decisions they have in common: about 2^p·w³ operations for groups of w rows in place of 2^p whole
factorisations. Nodes of a level are one batch; where a level would not fit in memory, its two
halves follow one after the other. Large groups come first, where nodes are few.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from jaxtyping import Bool, Float, Int

from davinz_jax.linalg.reductions import Reduction
from davinz_jax.linalg.solvers import Solver
from davinz_jax.linalg.systems import BlockSystem, Stack, group_index

NODE_BUDGET = 2**23
"""Float64 numbers that the nodes of one level may hold."""


@dataclass(frozen=True)
class _Nodes:
    """Nodes of one level for one stack: c nodes, b blocks, s rows to come."""

    matrix: Any  # (c, b, s, s)
    rhs: Any  # (c, b, s, columns)
    sums: Any  # (c, b, *shape)

    def take(self, nodes) -> "_Nodes":
        return _Nodes(self.matrix[nodes], self.rhs[nodes], self.sums[nodes])

    def drop(self, width: int) -> "_Nodes":
        return _Nodes(self.matrix[..., width:, width:], self.rhs[..., width:, :], self.sums)

    def eliminate(self, width: int, solver: Solver, reduction: Reduction) -> "_Nodes":
        matrix, rhs, num_rest = self.matrix, self.rhs, self.matrix.shape[-1] - width
        sides = [matrix[..., :width, width:], rhs[..., :width, :]]
        rows = solver.whiten(matrix[..., :width, :width], solver.xp.concatenate(sides, axis=-1))
        to_come, solved = rows[..., :num_rest], rows[..., num_rest:]
        across = to_come.swapaxes(-1, -2)
        rest = self.drop(width)
        return _Nodes(
            rest.matrix - across @ to_come,
            rest.rhs - across @ solved,
            self.sums + reduction.of(solved),
        )

    def numbers_after(self, width: int) -> int:
        """Float64 numbers of one node once `width` rows are decided on."""
        num_rest = self.matrix.shape[-1] - width
        return self.sums[0].size + self.matrix.shape[1] * num_rest * (num_rest + self.rhs.shape[-1])


@dataclass(frozen=True)
class _Tree:
    """What all levels share; groups in order of elimination."""

    members: Bool[np.ndarray, "c p"]
    widths: Int[np.ndarray, "p stacks"]
    counts: Sequence[Float[np.ndarray, "p b"]]  # weighted rows, one array a stack
    reduction: Reduction
    solver: Solver
    finish: Callable[[np.ndarray, np.ndarray], np.ndarray]


def elimination_values(
    system: BlockSystem, members: Bool[np.ndarray, "c p"], reduction: Reduction, finish: Any
) -> Float[np.ndarray, "i c"]:
    """Utilities of the coalitions, each decision that several share taken once.

    Args:
        system: the kernel's blocks and rhs-hand sides.
        members: groups of each coalition.
        reduction: what whitened rows sum up to.
        finish: as in `coalitions`.

    Returns:
        Float64 utilities of each initialisation and coalition.
    """
    order = np.argsort(-system.group_sizes, kind="stable")
    answers = []
    with system.solver.scope():
        for i, stacks in enumerate(system.stacks):
            nodes, tree = _root(system, stacks, members[:, order], order, reduction)
            tree = _Tree(*tree, lambda sums, sizes, i=i: finish(i, sums, sizes))
            chosen = np.arange(len(members))
            answers.append(_descend(tree, nodes, 0, chosen, np.zeros_like(chosen)))
    return np.stack(answers)


def _root(system: BlockSystem, stacks, members, order, reduction: Reduction):
    """The one node that has decided on nothing, rows sorted by the order of elimination."""
    parts = [_layout(stack, order) for stack in stacks]
    widths = np.array([[index.shape[-1] for index in part] for part in parts]).T
    nodes = [
        _root_nodes(stack, np.concatenate(part, axis=-1), reduction, system.solver)
        for stack, part in zip(stacks, parts, strict=True)
    ]
    counts = [stack.group_counts(system.num_groups)[order] for stack in stacks]
    return nodes, (members, widths, counts, reduction, system.solver)


def _layout(stack: Stack, order) -> list[Int[np.ndarray, "b w"]]:
    return [group_index(stack.groups, order[[j]], len(order))[0] for j in range(len(order))]


def _root_nodes(stack: Stack, index, reduction: Reduction, solver: Solver) -> _Nodes:
    matrix, rhs = solver.gather(stack.blocks, stack.damping, stack.rhs, index)
    sums = solver.xp.zeros((1, len(index), *reduction.shape), np.float64)
    return _Nodes(matrix[None], rhs[None], sums)


def _descend(tree: _Tree, nodes: list[_Nodes], level: int, chosen, node) -> np.ndarray:
    """Utilities of the chosen coalitions, `node` being where each stands at this level."""
    if level == tree.members.shape[1]:
        return _leaves(tree, nodes, chosen, node)
    widths = tree.widths[level].tolist()
    is_in = tree.members[chosen, level]
    num_next = len(np.unique(2 * node + is_in))
    numbers = sum(each.numbers_after(w) for each, w in zip(nodes, widths, strict=True))
    if num_next * numbers <= NODE_BUDGET or is_in.all() or not is_in.any():
        children, node = _children(tree, nodes, widths, is_in, node)
        return _descend(tree, children, level + 1, chosen, node)
    values = np.empty(len(chosen))
    for half in (is_in, ~is_in):
        children, node_of_half = _children(tree, nodes, widths, is_in[half], node[half])
        values[half] = _descend(tree, children, level + 1, chosen[half], node_of_half)
    return values


def _children(tree: _Tree, nodes: list[_Nodes], widths, is_in, node):
    """Nodes of the next level that some coalition reaches, and where each coalition stands."""
    without, place_without = np.unique(node[~is_in], return_inverse=True)
    within, place_within = np.unique(node[is_in], return_inverse=True)
    without, within = _few_lengths(without, tree.solver), _few_lengths(within, tree.solver)
    place = np.empty_like(node)
    place[~is_in], place[is_in] = place_without, len(without) + place_within
    children = [
        _join(each, width, without, within, tree) for each, width in zip(nodes, widths, strict=True)
    ]
    return children, place


def _join(nodes: _Nodes, width: int, without, within, tree: _Tree) -> _Nodes:
    if width == 0:
        return nodes.take(np.concatenate([without, within]))
    grow = _grow if tree.solver.is_ragged else _grow_compiled
    arrays = nodes.matrix, nodes.rhs, nodes.sums
    return _Nodes(*grow(*arrays, without, within, width, tree.solver, tree.reduction))


def _grow(matrix, rhs, sums, without, within, width, solver, reduction):
    nodes, children = _Nodes(matrix, rhs, sums), []
    if len(without):
        children.append(nodes.drop(width).take(without))
    if len(within):
        children.append(nodes.take(within).eliminate(width, solver, reduction))
    fields = zip(*((one.matrix, one.rhs, one.sums) for one in children), strict=True)
    return tuple(solver.xp.concatenate(field) for field in fields)


_grow_compiled = jax.jit(_grow, static_argnames=("width", "solver", "reduction"))


def _few_lengths(nodes, solver: Solver):
    """Lengths of powers of two where each costs a compilation; the nodes added are not read."""
    if solver.is_ragged or not len(nodes):
        return nodes
    return np.pad(nodes, (0, (1 << (len(nodes) - 1).bit_length()) - len(nodes)))


def _leaves(tree: _Tree, nodes: list[_Nodes], chosen, node) -> np.ndarray:
    members = tree.members[chosen].astype(np.float64)
    total = np.zeros((len(chosen), *tree.reduction.shape))
    sizes = np.zeros(len(chosen))
    for each, counts in zip(nodes, tree.counts, strict=True):
        in_blocks = members @ counts
        sizes += in_blocks.sum(1)
        total += (tree.reduction.weigh(in_blocks) * np.asarray(each.sums)[node]).sum(1)
    return tree.finish(total, sizes)
