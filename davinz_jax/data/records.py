"""The rows of a text table as they stand in its file, so that they can be found and copied again.

A record is what a reader takes for one row: a line, or several where a quoted cell holds line
breaks; empty lines are none. Its number is the line it begins on, from 1, the header's included.
"""

import gzip
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Int

from davinz_jax.data.local import PathLike


@dataclass(frozen=True)
class FileRecords:
    """A text table's header and rows, byte for byte.

    Attributes:
        header: the first record, with its line break.
        rows: the other records, each with its line break.
        lines: line on which each row begins, from 1.
    """

    header: bytes
    rows: tuple[bytes, ...]
    lines: Int[np.ndarray, " n"]

    def keep(self, chosen: Bool[np.ndarray, " n"]) -> bytes:
        """The header and the chosen rows, as the file has them."""
        return self.header + b"".join(
            _with_line_break(row) for row, wanted in zip(self.rows, chosen, strict=True) if wanted
        )


def is_text_table(path: PathLike) -> bool:
    """Whether a file of this name is a table in text, which has lines."""
    return Path(path).name.lower().removesuffix(".gz").endswith((".csv", ".tsv", ".txt"))


def file_records(path: PathLike) -> FileRecords:
    """The records of a table in text, plain or gzip.

    Raises:
        ValueError: for a file without a record.
    """
    path = Path(path)
    opened = gzip.open if path.name.lower().endswith(".gz") else open
    with opened(path, "rb") as file:
        content = file.read()
    records, lines = _split(content)
    if not records:
        raise ValueError(f"path: wanted a table with a header, got an empty file {path}; add rows")
    return FileRecords(records[0], tuple(records[1:]), np.array(lines[1:], dtype=np.int64))


def _split(content: bytes) -> tuple[list[bytes], list[int]]:
    """Records and the line each begins on; a line break within quotes ends none."""
    records, lines = [], []
    pending, begun, is_quoted = b"", 1, False
    for number, line in enumerate(content.splitlines(keepends=True), 1):
        if not is_quoted:
            pending, begun = b"", number
        pending += line
        is_quoted ^= line.count(b'"') % 2 == 1
        if not is_quoted and pending.strip():
            records.append(pending)
            lines.append(begun)
    if is_quoted and pending.strip():
        records.append(pending)
        lines.append(begun)
    return records, lines


def _with_line_break(row: bytes) -> bytes:
    """The row with a line break, which the file's last may lack."""
    return row if row.endswith((b"\n", b"\r")) else row + b"\n"
