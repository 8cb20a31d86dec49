"""Sheets of Excel files, by openpyxl, with the numbers of their rows."""

import io
import warnings
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Int

from davinz_jax.choices import suggestion
from davinz_jax.data.local import unreadable_file
from davinz_jax.data.tabular.names import check_names
from davinz_jax.data.tabular.numbers import convert_numbers, decimal_of, told
from davinz_jax.data.tabular.options import FileOptions
from davinz_jax.data.tabular.unpack import FREE, RATIO

if TYPE_CHECKING:
    import pandas as pd

OLD = b"\xd0\xcf\x11\xe0"
"""First bytes of .xls, and of an .xlsx with a password."""

FIRST = 200
"""Rows among which the header is looked for."""


def is_excel(content: bytes) -> bool:
    """Whether bytes are an Excel workbook, which is a zip archive."""
    if not content.startswith(b"PK"):
        return False
    try:
        names = zipfile.ZipFile(io.BytesIO(content)).namelist()
    except (zipfile.BadZipFile, OSError, ValueError):
        return False
    return any(name.startswith("xl/") for name in names)


def read_sheet(
    path: Path, content: bytes, options: FileOptions
) -> tuple["pd.DataFrame", Int[np.ndarray, " n"], tuple[str, ...]]:
    """A sheet's table, its names in the first row that is not empty; and the row of each row.

    Returns:
        The table, rows of the sheet from 1, and what there is to say.

    Raises:
        ValueError: without openpyxl, for a sheet that is not there or is empty, or a damaged file.
    """
    book = _open(path, content)
    name = _sheet(book, options.sheet, path)
    top = _parse(path, book, name, header=None, nrows=FIRST).notna().any(axis=1).to_numpy()
    if not top.any():
        raise ValueError(
            f"sheet: wanted one with a table, got {name}, which is empty in {path}; name another"
        )
    begin = int(np.argmax(top))
    names = _parse(path, book, name, header=None, skiprows=begin, nrows=1).iloc[0].dropna()
    check_names(path, names)
    frame = _parse(path, book, name, header=begin)
    lines = np.arange(begin + 2, begin + 2 + len(frame))
    frame, done = convert_numbers(frame, options.decimal_mark or decimal_of(frame, ";"))
    others = [str(each) for each in book.sheet_names if each != name]
    rest = f", not {', '.join(others[:3])} (sheet names another)" if others else ""
    return frame, lines, (f"sheet {name} of Excel{rest}", *told(done))


def _open(path: Path, content: bytes) -> "pd.ExcelFile":
    import pandas as pd

    _check_size(path, content)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            return pd.ExcelFile(io.BytesIO(content), engine="openpyxl")
    except ImportError as error:
        raise ValueError(
            f"path: wanted openpyxl to read {path}, got none installed; pip install "
            "'davinz-jax[excel]', or save the sheet as .csv"
        ) from error
    except Exception as error:  # a damaged file raises whatever its XML leads to
        raise unreadable_file(path, "a whole Excel file", error) from error


def _check_size(path: Path, content: bytes) -> None:
    """Refuse what is no archive, or unpacks to more than a sheet does."""
    try:
        members = zipfile.ZipFile(io.BytesIO(content)).infolist()
    except zipfile.BadZipFile as error:
        raise unreadable_file(path, "a whole Excel file", error) from error
    size = sum(member.file_size for member in members)
    if size > max(FREE, RATIO * len(content)):
        raise ValueError(
            f"path: wanted a table, got {path}, which unpacks to {size / 2**20:,.0f} MiB; save it "
            "as .csv"
        )


def _sheet(book: "pd.ExcelFile", name: str | None, path: Path) -> str:
    """The sheet of this name, or the first."""
    names = [str(each) for each in book.sheet_names]
    if name is not None and name not in names:
        hint = suggestion(name, names) or "name one of these"
        raise ValueError(
            f"sheet: wanted one of {', '.join(names)} as in {path}, got {name}; {hint}"
        )
    return names[0] if name is None else name


def _parse(path: Path, book: "pd.ExcelFile", sheet: str, **options: Any) -> "pd.DataFrame":
    import pandas as pd

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            return pd.read_excel(book, sheet_name=sheet, **options)
    except Exception as error:  # as in `_open`
        raise unreadable_file(path, f"a whole sheet {sheet}", error) from error
