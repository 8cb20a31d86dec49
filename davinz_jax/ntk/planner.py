"""Chooses how a kernel will be computed within a bound on memory, and refuses what would not fit.

The peak is what the engine takes whatever the batch, the representations kept, and the kernel
itself unless it is stored on disk. Where not all representations fit, some batches are kept while
the others are computed again for each group of them.
"""

import os
import re
from typing import Any

import jax
import numpy as np

from davinz_jax.ntk.engine import Engine, Footprint, Plan
from davinz_jax.ntk.engines import find_engine
from davinz_jax.ntk.gram import even_size, kernel_dtype
from davinz_jax.ntk.outputs import Network, Rows, check_rows
from davinz_jax.types import Variables

_TILE_ROWS = 512
"""Rows of a batch where a kernel takes several: large enough for matrix products at full rate."""
_WHOLE_ROWS = 1024
"""Rows of a kernel that is one tile."""
_UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_UNITS |= {"KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40}


def make_plan(
    engine: str | Engine,
    network: Network,
    variables: Variables,
    rows: Rows,
    *,
    num_blocks: int = 1,
    batch_size: int | None = None,
    memory: int | str | None = None,
    num_kernels: int = 1,
    num_target_rows: int = 0,
) -> Plan:
    """How kernels of these rows will be computed, once rows are seen to fit model and memory.

    Args:
        engine: name or engine.
        network: model, output and counted parameters.
        variables: variables of one initialisation.
        rows: rows of the whole kernel.
        num_blocks: diagonal blocks.
        batch_size: rows of a tile's side; None chooses.
        memory: bound in bytes, or as "4GiB"; None is 70 % of the device's.
        num_kernels: kernels that will be in memory at the end; 0 if they are stored on disk.
        num_target_rows: rows of the kernels to target sets, in memory at the end too.

    Raises:
        ValueError: for rows that do not fit the model, an engine or batch size that is none, or a
            plan that does not fit the memory; the text names a setting that would.
    """
    num_logits = check_rows(network, variables, rows)
    if batch_size is not None and batch_size < 1:
        raise ValueError(f"batch_size: wanted 1 or more rows, got {batch_size}; None chooses one")
    block = -(-rows.num_rows // num_blocks)
    chosen = find_engine(engine, network, variables, rows.inputs, partners=block)
    footprint = chosen.footprint(network, variables, rows.inputs)
    entries = num_kernels * num_blocks * block**2 + num_target_rows * rows.num_rows
    kernels = entries * kernel_dtype(variables).itemsize
    bound = int(0.7 * device_memory()) if memory is None else parse_bytes(memory)
    room = bound - kernels - footprint.fixed
    size, held = _batches(footprint, block, room, batch_size)
    peak = kernels + footprint.fixed + _tiles_bytes(footprint, block, size, held)
    if peak > bound:
        remedy = _remedy(footprint, block, kernels, size)
        raise ValueError(
            f"memory: wanted {_written(peak)} or more, got {_written(bound)}; {remedy}"
        )
    return Plan(chosen, network, chosen.num_passes(num_logits, network), size, held, peak)


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
    return int(limit or os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))


def _batches(footprint: Footprint, block: int, room: int, wanted: int | None) -> tuple[int, int]:
    """Rows of a batch and batches kept, as large as the room allows."""
    a_row = footprint.row + footprint.kept
    if wanted is None:
        fits_whole = block <= _WHOLE_ROWS and block * a_row <= room
        two = max(1, room // (2 * a_row))
        wanted = block if fits_whole else even_size(block, min(_TILE_ROWS, two, block))
    size = min(wanted, block)
    num_batches = -(-block // size)
    left = room - (2 if num_batches > 1 else 1) * size * footprint.row
    held = left // max(1, size * footprint.kept) - 1
    return size, int(np.clip(held, 1, num_batches))


def _tiles_bytes(footprint: Footprint, block: int, size: int, held: int) -> int:
    """Bytes of the tile in hand and the representations kept."""
    if size >= block:
        return size * (footprint.row + footprint.kept)
    num_batches = -(-block // size)
    return size * (2 * footprint.row + min(held + 1, num_batches) * footprint.kept)


def _remedy(footprint: Footprint, block: int, kernels: int, size: int) -> str:
    """Settings that would do."""
    least = kernels + footprint.fixed + _tiles_bytes(footprint, block, 1, 1)
    remedies = [f"memory={_written(least)} at least"]
    if size > 1:
        remedies.append("a smaller batch_size")
    if kernels > footprint.fixed:
        remedies.append("more num_blocks, or a store on disk")
    return "set " + ", or ".join(remedies)


def _written(size: Any) -> str:
    """Bytes as a person reads them, rounded up."""
    return f"{-(-int(size) // 2**20)}MiB"
