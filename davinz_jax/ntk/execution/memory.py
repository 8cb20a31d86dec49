"""Sizes of memories: a text's, the device's and the host's."""

import os
import re

import jax

_UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_UNITS |= {"KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40}


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


def in_mebibytes(size: int | float) -> str:
    """Bytes as a person reads them, rounded up."""
    return f"{-(-int(size) // 2**20)}MiB"
