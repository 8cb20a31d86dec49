"""Chooses how a kernel will be computed within a bound on memory, and refuses what would not fit.

The peak is what the engine takes whatever the batch, the features cached, and the kernel itself
unless it is stored on disk. Where not all features fit, those of some batches are cached while the
others are computed again for each group of them.
"""

import math
from typing import NamedTuple

import jax
import numpy as np

from davinz_jax.executors import current_executor
from davinz_jax.ntk.engines.base import TILE_ROWS, ComputeCost, Engine, MemoryCost
from davinz_jax.ntk.engines.choice import find_engine
from davinz_jax.ntk.engines.layerwise import LayerwiseEngine
from davinz_jax.ntk.execution.batches import even_size
from davinz_jax.ntk.execution.memory import device_memory, host_memory, in_mebibytes, parse_bytes
from davinz_jax.ntk.outputs import Network, Rows, check_rows
from davinz_jax.ntk.parameters import kernel_dtype
from davinz_jax.types import Variables

_WHOLE_ROWS = 1024
"""Rows of a kernel that is one tile."""
_SHARE = 0.7
"""Share of a memory that is used where no bound is given."""


class Request(NamedTuple):
    """Kernels to be planned.

    Attributes:
        num_blocks: diagonal blocks.
        num_draws: initialisations.
        is_stored: whether the blocks go to disk.
        num_validation_rows: rows of the kernels to validation sets, kept in memory.
    """

    num_blocks: int = 1
    num_draws: int = 1
    is_stored: bool = False
    num_validation_rows: int = 0


class Plan(NamedTuple):
    """How a kernel will be computed, and what that takes.

    Attributes:
        engine: what computes the tiles, fit to the model.
        network: model, output and chosen parameters.
        num_passes: passes of the engine whose tiles add up.
        batch_size: rows of a batch, and so of a tile's side, at most.
        num_cached: batches whose features are cached at a time.
        peak_bytes: memory expected at the worst moment beside the data, kernel included where it
            is in memory; on an accelerator, of the device.
        operations: multiply-adds expected in all, at the rate of a large matrix product.
        note: why the engine is another than the one that suits the model.
    """

    engine: Engine
    network: Network
    num_passes: int
    batch_size: int
    num_cached: int
    peak_bytes: int
    operations: float
    note: str | None = None

    @property
    def halves(self) -> tuple[int, ...]:
        """First axis of kernels: (2,), estimate and error, of a sketch; () where all is exact."""
        return _halves(self.engine)

    def of_draw(self, draw: int) -> "Plan":
        """The plan for one draw of the network, whose sketch is its own."""
        if not isinstance(self.engine, LayerwiseEngine):
            return self
        return self._replace(engine=self.engine.of_draw(draw))


def make_plan(
    engine: str | Engine,
    network: Network,
    variables: Variables,
    rows: Rows,
    request: Request = Request(),  # noqa: B008 -- immutable
    *,
    batch_size: int | None = None,
    memory: int | str | None = None,
) -> Plan:
    """How kernels of these rows will be computed, once rows are seen to fit model and memory.

    On a CPU the kernel and the work share one memory; an accelerator's holds the work alone, and
    the host's the kernel.

    Args:
        engine: name or engine.
        network: model, output and chosen parameters.
        variables: variables of one initialisation.
        rows: rows of the whole kernel.
        request: kernels wanted.
        batch_size: rows of a tile's side; None chooses.
        memory: bound in bytes, or as "4GiB"; None is 70 % of the device's.

    Raises:
        ValueError: for rows that do not fit the model, an engine or batch size that is none, or a
            plan that does not fit the memory; the text names a setting that would.
    """
    num_logits = check_rows(network, variables, rows)
    if batch_size is not None and batch_size < 1:
        raise ValueError(f"batch_size: wanted 1 or more rows, got {batch_size}; None chooses one")
    block = -(-rows.num_rows // request.num_blocks)
    chosen = find_engine(engine, network, variables, rows.inputs, block_size=block)
    itemsize = math.prod(_halves(chosen)) * kernel_dtype(variables).itemsize
    kernels = _kernel_bytes(request, rows.num_rows, block, itemsize)
    budget = _make_budget(memory, kernels)
    if network.output == "trace":
        chosen = _with_most_logits(
            chosen, network, variables, rows, num_logits, block, budget.work_bytes
        )
    ways = [
        _plan_engine(each, network, variables, rows, request, num_logits, budget, batch_size)
        for each in chosen.alternatives(block_size=block)
    ]
    fitting = [plan for plan in ways if plan.peak_bytes <= budget.bound]
    if not fitting:
        least = min(ways, key=lambda plan: plan.peak_bytes)
        raise ValueError(_describe_excess(least, variables, rows, block, budget))
    return min(fitting, key=lambda plan: plan.operations)


def _plan_engine(
    engine: Engine,
    network: Network,
    variables: Variables,
    rows: Rows,
    request: Request,
    num_logits: int,
    budget: "_Budget",
    batch_size: int | None,
) -> Plan:
    """The plan of one engine, which need not fit the memory."""
    block = -(-rows.num_rows // request.num_blocks)
    memory_cost = engine.memory_cost(network, variables, rows.inputs)
    room = budget.work_bytes - memory_cost.fixed
    size, num_cached = _batches(memory_cost, block, room, batch_size, tile_rows=engine.tile_rows)
    peak = budget.peak(_work_bytes(memory_cost, block, size, num_cached))
    num_passes = engine.num_passes(num_logits, network)
    operations = kernel_operations(
        engine.compute_cost(network, variables, rows.inputs),
        request,
        rows.num_rows,
        num_passes=num_passes,
        batch_size=size,
        num_cached=num_cached,
    )
    return Plan(engine, network, num_passes, size, num_cached, peak, operations)


def _describe_excess(
    plan: Plan, variables: Variables, rows: Rows, block: int, budget: "_Budget"
) -> str:
    """What to say where no way fits the memory."""
    memory_cost = plan.engine.memory_cost(plan.network, variables, rows.inputs)
    least = budget.peak(_work_bytes(memory_cost, block, 1, 1))
    is_kernel_large = 8 * budget.kernels > plan.peak_bytes
    remedy = _remedy(least, plan.batch_size, is_kernel_large=is_kernel_large)
    return (
        f"memory: wanted {in_mebibytes(plan.peak_bytes)} or more, got "
        f"{in_mebibytes(budget.bound)}; {remedy}"
    )


def _halves(engine: object) -> tuple[int, ...]:
    return engine.halves if isinstance(engine, LayerwiseEngine) else ()


def kernel_operations(
    compute_cost: ComputeCost,
    request: Request,
    num_rows: int,
    *,
    num_passes: int,
    batch_size: int,
    num_cached: int,
) -> float:
    """Multiply-adds of all passes, blocks and draws, of outputs, and of the validation kernel."""
    block = -(-num_rows // request.num_blocks)
    count = -(-block // batch_size)
    firsts = range(0, count, num_cached)
    feature_rows = batch_size * sum(count - first for first in firsts)
    tile_rows = batch_size * count**2  # one batch a diagonal tile, two any other
    pairs = block**2 / 2
    total = request.num_blocks * (
        compute_cost.feature_row * feature_rows
        + compute_cost.tile_row * tile_rows
        + compute_cost.pair * pairs
    )
    if request.num_validation_rows:
        columns = -(-num_rows // batch_size)
        m, n, groups = request.num_validation_rows, num_rows, -(-columns // num_cached)
        tile_rows = m * columns + n * -(-m // batch_size)
        total += compute_cost.feature_row * (n + groups * m) + compute_cost.tile_row * tile_rows
        total += compute_cost.pair * m * n
    outputs = compute_cost.output_row * (num_rows + request.num_validation_rows)
    return request.num_draws * (num_passes * total + outputs)


class _Budget(NamedTuple):
    """Bytes allowed in all, of these for kernels, and how many places share the rest."""

    bound: int
    kernels: int
    num_places: int

    @property
    def work_bytes(self) -> int:
        """Bytes for the work of one place."""
        return (self.bound - self.kernels) // self.num_places

    def peak(self, work_bytes: int) -> int:
        """Bytes in all while every place works."""
        return self.kernels + self.num_places * work_bytes


def _make_budget(memory: int | str | None, kernels: int) -> _Budget:
    """What may be used: a CPU's memory holds kernels and work, an accelerator's the work alone."""
    bound = int(_SHARE * device_memory()) if memory is None else parse_bytes(memory)
    if jax.default_backend() == "cpu":
        return _Budget(bound, kernels, current_executor().num_sharing)
    _check_host_memory(kernels)
    return _Budget(bound, 0, 1)


def _kernel_bytes(request: Request, num_rows: int, block: int, itemsize: int) -> int:
    """Bytes of the kernels that are in memory at the end."""
    stored = 0 if request.is_stored else request.num_blocks * block**2
    return request.num_draws * (stored + request.num_validation_rows * num_rows) * itemsize


def _check_host_memory(kernels: int) -> None:
    """Refuse kernels that are larger than the host's memory, where they alone are to be there."""
    room = int(_SHARE * host_memory())
    if kernels > room:
        raise ValueError(
            f"store: wanted kernels of at most {in_mebibytes(room)} in the host's memory, got "
            f"{in_mebibytes(kernels)}; name a store on disk, or more num_blocks"
        )


def _with_most_logits(
    engine: Engine,
    network: Network,
    variables: Variables,
    rows: Rows,
    num_logits: int,
    block: int,
    room: int,
) -> Engine:
    """The engine with as many logits a pass as leave half the room when all features are cached."""
    for logits in (count for count in range(num_logits, 1, -1) if num_logits % count == 0):
        chosen = engine.with_logits(logits, block_size=block)
        memory_cost = chosen.memory_cost(network, variables, rows.inputs)
        if memory_cost.fixed + block * (memory_cost.row + memory_cost.cached) <= room // 2:
            return chosen
    return engine


def _batches(
    memory_cost: MemoryCost,
    block: int,
    room: int,
    wanted: int | None,
    *,
    tile_rows: int = TILE_ROWS,
) -> tuple[int, int]:
    """Rows of a batch and batches whose features are cached, as large as the room allows."""
    a_row = memory_cost.row + memory_cost.cached
    if wanted is None:
        fits_whole = block <= max(_WHOLE_ROWS, tile_rows) and block * a_row <= room
        two = max(1, room // (2 * a_row))
        wanted = block if fits_whole else even_size(block, min(tile_rows, two, block))
    size = min(wanted, block)
    num_batches = -(-block // size)
    left = room - (2 if num_batches > 1 else 1) * size * memory_cost.row
    num_cached = left // max(1, size * memory_cost.cached) - 1
    return size, int(np.clip(num_cached, 1, num_batches))


def _work_bytes(memory_cost: MemoryCost, block: int, size: int, num_cached: int) -> int:
    """Bytes of the tile in hand, of the features cached, and of what the engine takes anyway."""
    if size >= block:
        return memory_cost.fixed + size * (memory_cost.row + memory_cost.cached)
    num_batches = -(-block // size)
    cached = min(num_cached + 1, num_batches) * memory_cost.cached
    return memory_cost.fixed + size * (2 * memory_cost.row + cached)


def _remedy(least: int, size: int, *, is_kernel_large: bool) -> str:
    """Settings that would do."""
    remedies = [f"memory={in_mebibytes(least)} at least"]
    if size > 1:
        remedies.append("a smaller batch_size")
    if is_kernel_large:
        remedies.append("more num_blocks, or a store on disk")
    return "set " + ", or ".join(remedies)
