"""The rows of a text table as they stand in its file, so that they can be found and copied again.

A record is what a reader takes for one row: a line, or several where a quoted cell holds line
breaks; empty lines are none. Its number is the line it begins on, from 1, the header's included.
"""

import csv
import io
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Int

SPOKEN = re.compile(r"sep=(.)\s*")
"""A first line that names the separator, as spreadsheets write and read it."""

BLANK = " \t\r\n"
"""What an empty line holds, but for what separates cells."""


@dataclass(frozen=True)
class FileRecords:
    """A text table's header and rows, byte for byte.

    Attributes:
        header: the first record, with its line break and what stands before it; empty where a
            file has none.
        rows: the other records, each with its line break.
        lines: line on which each row begins, from 1.
        widths: cells of each row.
        names: cells of the first record.
        is_spoken: whether the first line names the separator, and the header comes after it.
        encoding: of the bytes.
        line_break: what ends the first line.
    """

    header: bytes
    rows: tuple[bytes, ...]
    lines: Int[np.ndarray, " n"]
    widths: Int[np.ndarray, " n"]
    names: tuple[str, ...]
    is_spoken: bool = False
    encoding: str = "utf-8"
    line_break: str = "\n"

    def keep(self, chosen: Bool[np.ndarray, " n"]) -> bytes:
        """The header and the chosen rows, as the file has them."""
        return b"".join(map(self._whole, (self.header, *self._rows(chosen))))

    def take(self, chosen: Bool[np.ndarray, " n"]) -> "FileRecords":
        """The chosen rows alone."""
        lines, widths = self.lines[chosen], self.widths[chosen]
        return replace(self, rows=self._rows(chosen), lines=lines, widths=widths)

    def _rows(self, chosen: Bool[np.ndarray, " n"]) -> tuple[bytes, ...]:
        return tuple(row for row, wanted in zip(self.rows, chosen, strict=True) if wanted)

    def _whole(self, record: bytes) -> bytes:
        """The record with a line break, which the file's last may lack; nothing stays nothing."""
        if not record or record.endswith(tuple(mark.encode(self.encoding) for mark in "\n\r")):
            return record
        return record + self.line_break.encode(self.encoding)


def split_records(content: bytes, *, encoding: str = "utf-8", separator: str = ",") -> FileRecords:
    """The records of a text.

    Args:
        content: the file's bytes, unpacked, with a byte order mark if it has one.
        encoding: theirs, with the order of bytes.
        separator: character between cells.

    Raises:
        ValueError: for a text without a record.
    """
    texts = split_lines(content.decode(encoding))
    pieces = _pieces(content, texts, encoding)
    first = SPOKEN.fullmatch(texts[0]) if texts else None
    skipped = 0 if first is None else 1
    spans = list(rows_of(texts[skipped:], separator))
    if not spans:
        raise ValueError("path: wanted a table with a header, got an empty file; add rows")
    bounds = [(begin + skipped, end + skipped) for begin, end, _ in spans]
    return FileRecords(
        header=b"".join(pieces[: bounds[0][1]]),
        rows=tuple(b"".join(pieces[begin:end]) for begin, end in bounds[1:]),
        lines=np.array([begin + 1 for begin, _ in bounds[1:]], np.int64),
        widths=np.array([len(cells) for _, _, cells in spans[1:]], np.int64),
        names=tuple(spans[0][2]),
        is_spoken=first is not None,
        encoding=encoding,
        line_break=texts[0][len(texts[0].rstrip("\r\n")) :] or "\n",
    )


def split_lines(text: str) -> list[str]:
    r"""Lines with what ends each (line feed, carriage return or both), no byte order mark.

    >>> split_lines("a\r\nb\x85c\rd")
    ['a\r\n', 'b\x85c\r', 'd']
    """
    return list(io.StringIO(text.removeprefix("\ufeff"), newline=""))


def rows_of(lines: Sequence[str], separator: str) -> Iterator[tuple[int, int, list[str]]]:
    r"""First line (from 0), line after the last, and cells of each record that is not empty.

    >>> list(rows_of(["a;b\n", "\n", '"c\n', 'd";e\n'], ";"))
    [(0, 1, ['a', 'b']), (2, 4, ['c\nd', 'e'])]
    """
    blank, begin = BLANK.replace(separator, ""), 0
    with _long_cells():
        reader = csv.reader(lines, delimiter=separator)
        for cells in reader:
            end = reader.line_num
            if any(line.strip(blank) for line in lines[begin:end]):
                yield begin, end, cells
            begin = end


@contextmanager
def _long_cells() -> Iterator[None]:
    """Cells of any length; the limit is the whole process's, and is put back."""
    limit = csv.field_size_limit(sys.maxsize)
    try:
        yield
    finally:
        csv.field_size_limit(limit)


def _pieces(content: bytes, texts: Sequence[str], encoding: str) -> list[bytes]:
    """The bytes of each line."""
    is_narrow = "\n".encode(encoding) == b"\n"
    pieces = content.splitlines(keepends=True) if is_narrow else []
    if len(pieces) == len(texts):
        return pieces
    pieces = [text.encode(encoding) for text in texts]
    missing = len(content) - sum(map(len, pieces))
    return [content[:missing] + pieces[0], *pieces[1:]] if missing > 0 else pieces
