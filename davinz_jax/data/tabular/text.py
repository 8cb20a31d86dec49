"""Tables in text: encoding, separator and decimal mark from the file, its rows byte for byte."""

import io
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from davinz_jax.data.local import unreadable_file
from davinz_jax.data.records import FileRecords, split_records
from davinz_jax.data.tabular import encodings, separators
from davinz_jax.data.tabular.numbers import convert_numbers, decimal_of, told
from davinz_jax.data.tabular.options import AUTO, FileOptions, name_of

if TYPE_CHECKING:
    import pandas as pd

ERRORS = (OSError, ValueError, LookupError, TypeError, OverflowError)
"""What pandas refuses a text with that is no table."""

MOST = 5
"""Rows, or columns, that a message names."""


@dataclass(frozen=True)
class Text:
    """A text that holds a table, and how it is read.

    Attributes:
        path: the file, for messages.
        content: its bytes, unpacked.
        encoding: theirs, with the order of bytes.
        mark: bytes of the byte order mark.
        separator: character between cells.
    """

    path: Path
    content: bytes
    encoding: str
    mark: int
    separator: str

    @classmethod
    def of(cls, path: Path, content: bytes, options: FileOptions) -> "Text":
        """A text as its bytes say, and the options.

        Raises:
            ValueError: if it is no text, or the options make one column of several.
        """
        if not content.strip():
            raise ValueError(
                f"path: wanted a table with a header, got an empty file {path}; add rows"
            )
        encoding, mark = encodings.decode_with(path, content, options.encoding)
        separator = options.separator_mark or separators.recognise(content[mark:].decode(encoding))
        return cls(path, content, encoding, mark, separator)

    def records(self, options: FileOptions) -> FileRecords:
        """The rows of the file, each of at most as many cells as there are names.

        Raises:
            ValueError: for options that make one column of several, or for rows of more cells,
                naming their lines.
        """
        found = split_records(self.content, encoding=self.encoding, separator=self.separator)
        _check_single(self, found, options)
        num_names = len(found.names)
        longer = np.flatnonzero(found.widths > num_names)
        if len(longer):
            shown = ", ".join(
                f"{found.widths[row]} in line {found.lines[row]}" for row in longer[:MOST]
            )
            more = f", {len(longer)} such lines in all" if len(longer) > MOST else ""
            raise ValueError(
                f"{self.path}: wanted as many cells in a row as names in its first line, "
                f"{num_names}, got {shown}{more}; mend these lines, or say separator, which is "
                f"{name_of(self.separator)} here"
            )
        return found

    def frame(self, records: FileRecords, **options: Any) -> "pd.DataFrame":
        """The table as pandas reads it.

        Args:
            records: of the file.
            options: of `pandas.read_csv`.

        Raises:
            ValueError: if it cannot be read.
        """
        import pandas as pd

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", pd.errors.ParserWarning)
                return pd.read_csv(
                    io.BytesIO(self.content[self.mark :]),
                    sep=self.separator,
                    encoding=self.encoding,
                    index_col=False,
                    low_memory=False,
                    skiprows=int(records.is_spoken),
                    **options,
                )
        except (*ERRORS, pd.errors.ParserWarning) as error:
            raise unreadable_file(self.path, "a readable table", error) from error

    def numbers(
        self, records: FileRecords, options: FileOptions
    ) -> tuple["pd.DataFrame", tuple[str, ...]]:
        """The table with its numbers, and what there is to say about them."""
        decimal = options.decimal_mark
        frame = self.frame(records, decimal=decimal or ".")
        if decimal is None and decimal_of(frame, self.separator) == ",":
            decimal, frame = ",", self.frame(records, decimal=",")
        frame, done = convert_numbers(frame, decimal or ".")
        said = ["decimal comma"] if decimal == "," else []
        return frame, (*said, *told(done))

    def said(self) -> tuple[str, ...]:
        """What there is to say about encoding and separator."""
        encoding = () if self.encoding == "utf-8" else (self.encoding,)
        separator = () if self.separator == "," else (f"separator {name_of(self.separator)}",)
        return encoding + separator


def _check_single(text: Text, records: FileRecords, options: FileOptions) -> None:
    """Refuse options that make one column of a file that has several without them.

    Raises:
        ValueError: naming the options.
    """
    said = [name for name in ("separator", "encoding") if getattr(options, name) != AUTO]
    if not said or len(records.names) > 1:
        return
    own = Text.of(text.path, text.content, FileOptions())
    again = split_records(own.content, encoding=own.encoding, separator=own.separator)
    if len(again.names) > 1:
        got = " and ".join(f"{name} {getattr(options, name)}" for name in said)
        raise ValueError(
            f"{', '.join(said)}: wanted what {text.path} has, got {got}, which makes one column of "
            f"all; leave it auto, which finds separator {name_of(own.separator)} and encoding "
            f"{own.encoding}"
        )
