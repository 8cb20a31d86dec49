"""A table's file as it is: text, JSON lines, Excel or Parquet, packed or not, by its contents.

`open_table` gives its frame, and its rows as the file has them, which keep their lines.
"""

import io
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Int

from davinz_jax.data.local import PathLike, unreadable_file
from davinz_jax.data.records import FileRecords
from davinz_jax.data.tabular import excel, json_lines, text
from davinz_jax.data.tabular.names import check_names
from davinz_jax.data.tabular.options import FileOptions
from davinz_jax.data.tabular.unpack import unpack

if TYPE_CHECKING:
    import pandas as pd

PACKED = (".gz", ".bz2", ".xz", ".zst", ".zip")
TEXT = (".csv", ".tsv", ".tab", ".txt", ".psv", ".dat", "")
PARQUET = (".parquet", ".pq")
EXCEL = (".xlsx", ".xlsm")
LINES = (".jsonl", ".ndjson")
"""Endings of names of files that may hold a table; what they are is told from their contents."""

MAGIC = b"PAR1"
"""First bytes of Parquet."""

DEFAULT = FileOptions()


@dataclass(frozen=True)
class TableFile:
    """A table, and its rows as its file has them.

    Attributes:
        frame: the columns with their types, one line a row that is not empty.
        lines: line of the file, or row of the sheet, that each row begins on, from 1.
        notes: how the file was read, where that is not plain.
        ending: of the name of a file with such rows.
        records: the rows byte for byte, where it is a text.
        source: how it is read, where it is a text.
    """

    frame: "pd.DataFrame"
    lines: Int[np.ndarray, " n"]
    notes: tuple[str, ...]
    ending: str
    records: FileRecords | None = None
    source: text.Text | None = None

    def cells(self) -> "pd.DataFrame":
        """The rows for people: the cells of a text as the file has them, else the frame."""
        if self.source is None or self.records is None:
            return self.frame
        whole = replace(
            self.source, content=self.records.keep(np.ones(len(self.records.rows), bool))
        )
        cells = whole.frame(self.records, dtype=str, keep_default_na=False).rename(columns=str)
        return cells.loc[:, list(self.frame.columns)]


def read_table(path: PathLike, options: FileOptions = DEFAULT) -> "pd.DataFrame":
    """The table in a file, as `open_table` reads it.

    Raises:
        ValueError: as `open_table`.
    """
    return open_table(path, options).frame


def read_cells(path: PathLike, options: FileOptions = DEFAULT) -> "pd.DataFrame":
    """The table as `read_table`, but the cells of a text as the file has them.

    Raises:
        ValueError: as `open_table`.
    """
    return open_table(path, options).cells()


def open_table(path: PathLike, options: FileOptions = DEFAULT) -> TableFile:
    """The table in a file of text, JSON lines, Excel or Parquet, packed or not.

    Args:
        path: the file.
        options: what is not to be recognised from its contents.

    Raises:
        ValueError: if the file is missing, of another kind, unreadable or empty, not as the
            options say, or if two columns have one name or a row has more cells than there are
            columns.
    """
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"path: wanted a table, got {path}, which is no file; check the path")
    content, packed = _unpacked(path, options)
    read = _reader(path, content)
    table = _without_empty(read(path, content, options))
    if not len(table.frame):
        raise ValueError(f"path: wanted at least one row, got none in {path}; add rows")
    said = ([] if packed == "none" else [packed]) + list(table.notes)
    return replace(table, notes=_note(path, said, table.source is not None))


def _note(path: Path, said: list[str], is_text: bool) -> tuple[str, ...]:
    """One note of everything that is not plain, and what says otherwise of a text."""
    if not said:
        return ()
    remedy = " (compression, encoding, separator and decimal override it)" if is_text else ""
    return (f"{path.name} is read as {', '.join(said)}{remedy}",)


def _unpacked(path: Path, options: FileOptions) -> tuple[bytes, str]:
    content = path.read_bytes()
    if excel.is_excel(content):
        return content, "none"
    return unpack(path, content, options.compression)


def _reader(path: Path, content: bytes):
    """What reads contents of this kind, if the file's name may be one of such files."""
    name = path.name.lower()
    for ending in PACKED:
        name = name.removesuffix(ending)
    suffix = Path(name).suffix
    if content.startswith(excel.OLD):
        raise ValueError(
            f"path: wanted .xlsx, got {path}, which is an older Excel file or one with a password; "
            "save it as .xlsx without one"
        )
    if suffix not in (*TEXT, *PARQUET, *EXCEL, *LINES):
        raise ValueError(
            f"path: wanted .csv, .tsv, .txt, .jsonl, .xlsx, .parquet or .pq, got {path.name}; "
            "convert the file"
        )
    if content.startswith(MAGIC) or suffix in PARQUET:
        return _read_parquet
    if excel.is_excel(content) or suffix in EXCEL:
        return _read_excel
    if suffix in LINES:
        return _read_lines
    return partial(_read_text, ending=suffix or ".csv")


def _read_parquet(path: Path, content: bytes, options: FileOptions) -> TableFile:
    import pandas as pd
    from pyarrow import parquet

    try:
        parquet.read_table(io.BytesIO(content)).validate(full=True)  # words that are no text
        frame = pd.read_parquet(io.BytesIO(content), engine="pyarrow")
    except (*text.ERRORS, NotImplementedError) as error:
        raise unreadable_file(path, "a readable table", error) from error
    frame = frame.rename(columns=str).reset_index(drop=True)
    check_names(path, frame.columns)
    lines = np.arange(2, len(frame) + 2)
    return TableFile(frame, lines, ("Parquet, its first row counted as line 2",), ".parquet")


def _read_excel(path: Path, content: bytes, options: FileOptions) -> TableFile:
    frame, lines, said = excel.read_sheet(path, content, options)
    return TableFile(frame.rename(columns=str), lines, said, ".csv")


def _read_lines(path: Path, content: bytes, options: FileOptions) -> TableFile:
    frame, records = json_lines.read(path, content, options)
    check_names(path, frame.columns)
    return TableFile(frame, records.lines, ("JSON lines",), ".jsonl", records)


def _read_text(path: Path, content: bytes, options: FileOptions, ending: str) -> TableFile:
    found = text.Text.of(path, content, options)
    records = found.records(options)
    check_names(path, [name for name in records.names if name])
    frame, said = found.numbers(records, options)
    notes = (*found.said(), *said)
    if len(frame) == len(records.rows):
        return TableFile(frame, records.lines, notes, ending, records, found)
    remark = f"{len(records.rows)} records for {len(frame)} rows, whose lines are their numbers + 1"
    return TableFile(frame, np.arange(2, len(frame) + 2), (*notes, remark), ".csv")


def _without_empty(table: TableFile) -> TableFile:
    """The table without rows in which every cell is missing, and without nameless empty columns."""
    named = [
        name
        for name, column in table.frame.items()
        if not str(name).startswith("Unnamed: ") or column.notna().any()
    ]
    frame = table.frame.rename(columns=str).loc[:, list(map(str, named))]
    is_row = frame.notna().any(axis=1).to_numpy(dtype=bool)
    if is_row.all():
        return replace(table, frame=frame)
    return replace(
        table,
        frame=frame.loc[is_row].reset_index(drop=True),
        lines=table.lines[is_row],
        records=None if table.records is None else table.records.take(is_row),
        notes=(*table.notes, f"empty rows left out: {int((~is_row).sum())}"),
    )
