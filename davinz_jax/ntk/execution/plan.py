"""Chooses how a kernel will be computed within a bound on memory, and refuses what would not fit.

The peak is what the engine takes whatever the batch, the representations kept, and the kernel
itself unless it is stored on disk. Where not all representations fit, some batches are kept while
the others are computed again for each group of them.
"""

import os
import re

import jax
import numpy as np

from davinz_jax.ntk.engines.base import Engine, MemoryCost, Plan, Request
from davinz_jax.ntk.engines.choice import find_engine
from davinz_jax.ntk.execution.forecast import in_mebibytes, kernel_operations
from davinz_jax.ntk.execution.tiles import even_size, kernel_dtype
from davinz_jax.ntk.outputs import Network, Rows, check_rows
from davinz_jax.types import Variables

_TILE_ROWS = 512
"""Rows of a batch where a kernel takes several: large enough for matrix products at full rate."""
_WHOLE_ROWS = 1024
"""Rows of a kernel that is one tile."""
_SHARE = 0.7
"""Share of a memory that is used where no bound is given."""
_UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_UNITS |= {"KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40}


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
    kernels = _kernel_bytes(request, rows.num_rows, block, kernel_dtype(variables).itemsize)
    bound = int(_SHARE * device_memory()) if memory is None else parse_bytes(memory)
    is_shared = jax.default_backend() == "cpu"
    if not is_shared:
        _check_host_memory(kernels)
    beside = kernels if is_shared else 0
    at_work = len(jax.local_devices()) if is_shared else 1
    room = (bound - beside) // at_work
    if network.output == "trace":
        chosen = _with_most_logits(chosen, network, variables, rows, num_logits, block, room)
    memory_cost = chosen.memory_cost(network, variables, rows.inputs)
    room -= memory_cost.fixed
    size, num_cached = _batches(memory_cost, block, room, batch_size)
    working = memory_cost.fixed + _tiles_bytes(memory_cost, block, size, num_cached)
    peak = beside + at_work * working
    if peak > bound:
        least = beside + at_work * (memory_cost.fixed + _tiles_bytes(memory_cost, block, 1, 1))
        remedy = _remedy(least, size, is_kernel_large=8 * beside > peak)
        raise ValueError(
            f"memory: wanted {in_mebibytes(peak)} or more, got {in_mebibytes(bound)}; {remedy}"
        )
    passes = chosen.num_passes(num_logits, network)
    compute_cost = chosen.compute_cost(network, variables, rows.inputs)
    operations = kernel_operations(compute_cost, request, rows.num_rows, passes, size, num_cached)
    return Plan(chosen, network, passes, size, num_cached, peak, operations)


def parse_bytes(memory: int | str) -> int:
    """Bytes of a number, or of a text such as "4GiB".

    Raises:
        ValueError: for a text that is no size, or a size that is not positive.

    Example:
        >>> parse_bytes("1.5KiB")
        1536
    """
    found = re.fullmatch(r"\s*([0-9.]+)\s*([A-Za-z]*)\s*", str(memory))
    unit = _UNITS.get(found.group(2).upper()) if found else None
    if not found or unit is None or found.group(1).count(".") > 1 or found.group(1) == ".":
        raise ValueError(f"memory: wanted bytes or a size such as 4GiB, got {memory!r}; add a unit")
    size = int(float(found.group(1)) * unit)
    if size <= 0:
        raise ValueError(f"memory: wanted a positive size, got {memory!r}; give more")
    return size


def device_memory() -> int:
    """Bytes of the first device's memory; of the machine's where the device is a CPU."""
    limit = (jax.local_devices()[0].memory_stats() or {}).get("bytes_limit")
    return int(limit or host_memory())


def host_memory() -> int:
    """Bytes of this machine's memory."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


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
    """The engine with as many logits a pass as leave half the room when all rows are kept."""
    for logits_per_pass in (count for count in range(num_logits, 1, -1) if num_logits % count == 0):
        chosen = engine.logits_per_pass(logits_per_pass, block_size=block)
        memory_cost = chosen.memory_cost(network, variables, rows.inputs)
        if memory_cost.fixed + block * (memory_cost.row + memory_cost.kept) <= room // 2:
            return chosen
    return engine


def _batches(memory_cost: MemoryCost, block: int, room: int, wanted: int | None) -> tuple[int, int]:
    """Rows of a batch and batches kept, as large as the room allows."""
    a_row = memory_cost.row + memory_cost.kept
    if wanted is None:
        fits_whole = block <= _WHOLE_ROWS and block * a_row <= room
        two = max(1, room // (2 * a_row))
        wanted = block if fits_whole else even_size(block, min(_TILE_ROWS, two, block))
    size = min(wanted, block)
    num_batches = -(-block // size)
    left = room - (2 if num_batches > 1 else 1) * size * memory_cost.row
    num_cached = left // max(1, size * memory_cost.kept) - 1
    return size, int(np.clip(num_cached, 1, num_batches))


def _tiles_bytes(memory_cost: MemoryCost, block: int, size: int, num_cached: int) -> int:
    """Bytes of the tile in hand and the representations kept."""
    if size >= block:
        return size * (memory_cost.row + memory_cost.kept)
    num_batches = -(-block // size)
    return size * (2 * memory_cost.row + min(num_cached + 1, num_batches) * memory_cost.kept)


def _remedy(least: int, size: int, *, is_kernel_large: bool) -> str:
    """Settings that would do."""
    remedies = [f"memory={in_mebibytes(least)} at least"]
    if size > 1:
        remedies.append("a smaller batch_size")
    if is_kernel_large:
        remedies.append("more num_blocks, or a store on disk")
    return "set " + ", or ".join(remedies)
