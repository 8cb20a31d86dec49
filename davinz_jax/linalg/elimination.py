"""Every coalition of few groups from a tree of eliminations.

A node has decided on the first groups of an order. It holds the Schur complement of the rows of the
groups still to come, their right-hand sides, and the sum so far. Its two children eliminate the
next group's rows (a member) or drop them (not a member), so that coalitions share the work of all
decisions they have in common: about 2^p·w³ operations for groups of w rows in place of 2^p whole
factorisations. Nodes of one depth are one batch; where it would not fit in memory, its two halves
follow one after the other. Large groups come first, where nodes are few.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import jax
import numpy as np
from jaxtyping import Bool, Float, Int

from davinz_jax.linalg.reductions import Array, Chunk, Reduction
from davinz_jax.linalg.solvers import AbstractSolver
from davinz_jax.linalg.systems import BlockSystem, Stack, group_index

NODE_BUDGET = 2**23
"""Float64 numbers that the nodes of one depth may hold."""


@dataclass(frozen=True)
class _Nodes:
    """Nodes of one depth for one stack: c nodes, b blocks, s rows to come, q columns."""

    matrix: Float[Array, "c b s s"]
    rhs: Float[Array, "c b s q"]
    sums: Float[Array, "c b *shape"]

    def take(self, nodes: Int[Array, " d"]) -> "_Nodes":
        return _Nodes(self.matrix[nodes], self.rhs[nodes], self.sums[nodes])

    def drop(self, width: int) -> "_Nodes":
        return _Nodes(self.matrix[..., width:, width:], self.rhs[..., width:, :], self.sums)

    def eliminate(self, width: int, solver: AbstractSolver, reduction: Reduction) -> "_Nodes":
        matrix, rhs, num_rest = self.matrix, self.rhs, self.matrix.shape[-1] - width
        sides = [matrix[..., :width, width:], rhs[..., :width, :]]
        rows = solver.whiten(matrix[..., :width, :width], solver.xp.concatenate(sides, axis=-1))
        to_come, solved = rows[..., :num_rest], rows[..., num_rest:]
        across = to_come.swapaxes(-1, -2)
        rest = self.drop(width)
        return _Nodes(
            rest.matrix - across @ to_come,
            rest.rhs - across @ solved,
            self.sums + reduction.sum_rows(solved),
        )

    def numbers_after(self, width: int) -> int:
        """Float64 numbers of one node once `width` rows are decided on."""
        num_rest = self.matrix.shape[-1] - width
        return self.sums[0].size + self.matrix.shape[1] * num_rest * (num_rest + self.rhs.shape[-1])


@dataclass(frozen=True)
class _Tree:
    """What all depths share; groups in order of elimination."""

    members: Bool[np.ndarray, "c p"]
    widths: Int[np.ndarray, "p stacks"]
    sizes: Sequence[Float[np.ndarray, "p b"]]  # rows of each group, one array a stack
    reduction: Reduction
    solver: AbstractSolver


def elimination_sums(
    system: BlockSystem, members: Bool[np.ndarray, "c p"], reduction: Reduction
) -> Iterator[Chunk]:
    """Sums of the coalitions, each decision that several share taken once.

    Args:
        system: the kernel's blocks and right-hand sides.
        members: groups of each coalition.
        reduction: what whitened rows sum up to.
    """
    order = np.argsort(-system.group_sizes, kind="stable")
    everything = np.arange(len(members))
    for i, stacks in enumerate(system.stacks):
        nodes, tree = _root(system, stacks, members[:, order], order, reduction)
        for chosen, sums, sizes in _descend(tree, nodes, 0, everything, np.zeros_like(everything)):
            yield Chunk(i, chosen, sums, sizes)


def _root(
    system: BlockSystem,
    stacks: Sequence[Stack],
    members: Bool[np.ndarray, "c p"],
    order: Int[np.ndarray, " p"],
    reduction: Reduction,
) -> tuple[list[_Nodes], _Tree]:
    """The one node that has decided on nothing, rows sorted by the order of elimination."""
    parts = [_layout(stack, order) for stack in stacks]
    widths = np.array([[index.shape[-1] for index in part] for part in parts]).T
    nodes = [
        _root_nodes(stack, np.concatenate(part, axis=-1), reduction, system.solver)
        for stack, part in zip(stacks, parts, strict=True)
    ]
    sizes = [stack.group_sizes(system.num_groups)[order] for stack in stacks]
    return nodes, _Tree(members, widths, sizes, reduction, system.solver)


def _layout(stack: Stack, order: Int[np.ndarray, " p"]) -> list[Int[np.ndarray, "b w"]]:
    return [group_index(stack.groups, order[[j]], len(order))[0] for j in range(len(order))]


def _root_nodes(
    stack: Stack, index: Int[np.ndarray, "b w"], reduction: Reduction, solver: AbstractSolver
) -> _Nodes:
    with solver.scope(index.shape[-1]):
        matrix, rhs = solver.gather(stack.blocks, stack.damping, stack.rhs, index)
        sums = solver.xp.zeros((1, len(index), *reduction.shape), np.float64)
        return _Nodes(matrix[None], rhs[None], sums)


_Leaves = tuple[Int[np.ndarray, " d"], Float[np.ndarray, " d *shape"], Float[np.ndarray, " d"]]
"""Coalitions, their sums and their rows."""


def _descend(
    tree: _Tree,
    nodes: Sequence[_Nodes],
    depth: int,
    chosen: Int[np.ndarray, " d"],
    node: Int[np.ndarray, " d"],
) -> Iterator[_Leaves]:
    """Sums of the chosen coalitions, `node` being where each stands at this depth."""
    if depth == tree.members.shape[1]:
        yield chosen, *_leaf_sums(tree, nodes, chosen, node)
        return
    widths = tree.widths[depth].tolist()
    is_in = tree.members[chosen, depth]
    num_next = len(np.unique(2 * node + is_in))
    numbers = sum(each.numbers_after(w) for each, w in zip(nodes, widths, strict=True))
    fits = num_next * numbers <= NODE_BUDGET or is_in.all() or not is_in.any()
    for part in (np.ones_like(is_in),) if fits else (is_in, ~is_in):
        children, place = _children(tree, nodes, widths, is_in[part], node[part])
        yield from _descend(tree, children, depth + 1, chosen[part], place)


def _children(
    tree: _Tree,
    nodes: Sequence[_Nodes],
    widths: Sequence[int],
    is_in: Bool[np.ndarray, " d"],
    node: Int[np.ndarray, " d"],
) -> tuple[list[_Nodes], Int[np.ndarray, " d"]]:
    """Nodes of the next depth that some coalition reaches, and where each coalition stands."""
    without, place_without = np.unique(node[~is_in], return_inverse=True)
    within, place_within = np.unique(node[is_in], return_inverse=True)
    without, within = _few_lengths(without, tree.solver), _few_lengths(within, tree.solver)
    place = np.empty_like(node)
    place[~is_in], place[is_in] = place_without, len(without) + place_within
    with tree.solver.scope(max(each.matrix.shape[-1] for each in nodes)):
        children = [
            _join(each, width, without, within, tree)
            for each, width in zip(nodes, widths, strict=True)
        ]
    return children, place


def _join(
    nodes: _Nodes,
    width: int,
    without: Int[np.ndarray, " u"],
    within: Int[np.ndarray, " v"],
    tree: _Tree,
) -> _Nodes:
    if width == 0:
        return nodes.take(np.concatenate([without, within]))
    grow = _grow if tree.solver.is_ragged else _grow_compiled
    arrays = nodes.matrix, nodes.rhs, nodes.sums
    return _Nodes(*grow(*arrays, without, within, width, tree.solver, tree.reduction))


def _grow(
    matrix: Float[Array, "c b s s"],
    rhs: Float[Array, "c b s q"],
    sums: Float[Array, "c b *shape"],
    without: Int[Array, " u"],
    within: Int[Array, " v"],
    width: int,
    solver: AbstractSolver,
    reduction: Reduction,
) -> tuple[Array, ...]:
    nodes, children = _Nodes(matrix, rhs, sums), []
    if len(without):
        children.append(nodes.drop(width).take(without))
    if len(within):
        children.append(nodes.take(within).eliminate(width, solver, reduction))
    fields = zip(*((one.matrix, one.rhs, one.sums) for one in children), strict=True)
    return tuple(solver.xp.concatenate(field) for field in fields)


_grow_compiled = jax.jit(_grow, static_argnames=("width", "solver", "reduction"))


def _few_lengths(nodes: Int[np.ndarray, " u"], solver: AbstractSolver) -> Int[np.ndarray, " v"]:
    """Lengths of powers of two where each costs a compilation; the nodes added are not read."""
    if solver.is_ragged or not len(nodes):
        return nodes
    return np.pad(nodes, (0, (1 << (len(nodes) - 1).bit_length()) - len(nodes)))


def _leaf_sums(
    tree: _Tree,
    nodes: Sequence[_Nodes],
    chosen: Int[np.ndarray, " d"],
    node: Int[np.ndarray, " d"],
) -> tuple[Float[np.ndarray, " d *shape"], Float[np.ndarray, " d"]]:
    members = tree.members[chosen]
    total = np.zeros((len(chosen), *tree.reduction.shape))
    sizes = np.zeros(len(chosen))
    for each, group_sizes in zip(nodes, tree.sizes, strict=True):
        in_blocks = members @ group_sizes
        sizes += in_blocks.sum(1)
        total += (tree.reduction.block_factors(in_blocks) * np.asarray(each.sums)[node]).sum(1)
    return total, sizes
