"""What may be said of a table's file where it is not recognised rightly from its contents."""

from dataclasses import dataclass
from typing import Literal, get_args

from davinz_jax.choices import check_choice

AUTO = "auto"
"""Leaves an option to the file."""

SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
DECIMALS = {"point": ".", "comma": ","}

Compression = Literal["auto", "none", "gzip", "bz2", "xz", "zip", "zstd"]
"""How a file is packed; the first byte of each kind but `none` tell it."""


@dataclass(frozen=True)
class FileOptions:
    """How a file is to be read.

    Attributes:
        separator: `comma`, `semicolon`, `tab`, `pipe` or another character between cells.
        decimal: `point` or `comma` before decimals; the other one may part thousands.
        encoding: as Python names it, e.g. `cp1252`.
        compression: how the file is packed.
        sheet: name of the sheet of an Excel file; None for its first.

    Raises:
        ValueError: for a value that is none of these.
    """

    separator: str = AUTO
    decimal: str = AUTO
    encoding: str = AUTO
    compression: str = AUTO
    sheet: str | None = None

    def __post_init__(self) -> None:
        is_mark = len(self.separator) == 1 and not self.separator.isalnum()
        if self.separator in ('"', "\n", "\r") or not is_mark:
            check_choice("separator", self.separator, [AUTO, *SEPARATORS])
        if self.decimal not in DECIMALS.values():
            check_choice("decimal", self.decimal, [AUTO, *DECIMALS])
        check_choice("compression", self.compression, get_args(Compression))

    @property
    def separator_mark(self) -> str | None:
        """The character between cells; None where the file tells."""
        return None if self.separator == AUTO else SEPARATORS.get(self.separator, self.separator)

    @property
    def decimal_mark(self) -> str | None:
        """The character before decimals; None where the file tells."""
        return None if self.decimal == AUTO else DECIMALS.get(self.decimal, self.decimal)


def name_of(mark: str) -> str:
    """A separator in words.

    >>> name_of(";"), name_of("~")
    ('semicolon', "'~'")
    """
    names = {mark: name for name, mark in SEPARATORS.items()}
    return names.get(mark, repr(mark))
