"""Chooses how a kernel will be computed: the engine, its passes and the rows of a batch."""

import os

import jax

from davinz_jax.ntk.engine import Engine, Plan
from davinz_jax.ntk.engines import find_engine
from davinz_jax.ntk.outputs import Network, Rows, check_rows
from davinz_jax.types import Variables


def make_plan(
    engine: str | Engine,
    network: Network,
    variables: Variables,
    rows: Rows,
    *,
    num_blocks: int = 1,
    batch_size: int | None = None,
) -> Plan:
    """Engine, passes and batch size for these rows, once they are seen to fit the model.

    Raises:
        ValueError: for rows that do not fit the model, an engine that is none, or a batch below 1.
    """
    num_logits = check_rows(network, variables, rows)
    partners = -(-rows.num_rows // num_blocks)
    chosen = find_engine(engine, network, variables, rows.inputs, partners=partners)
    if batch_size is None:
        share = device_memory() // 2 // chosen.row_bytes(network, variables, rows.inputs)
        batch_size = min(max(share, 1), 1024)
    if batch_size < 1:
        raise ValueError(f"batch_size: wanted 1 or more rows, got {batch_size}; None chooses one")
    return Plan(chosen, network, chosen.num_passes(num_logits, network), batch_size)


def device_memory() -> int:
    """Bytes of the first device's memory; of the machine's where the device is a CPU."""
    limit = (jax.devices()[0].memory_stats() or {}).get("bytes_limit")
    return int(limit or os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
