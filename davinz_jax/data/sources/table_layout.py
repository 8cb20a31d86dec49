"""Whether a file is a table at all: its encoding, the names of its columns, cells a row."""

import zlib
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

TABLE_ERRORS = (OSError, EOFError, ValueError, LookupError, TypeError, OverflowError, zlib.error)
"""What readers refuse a file with that is no table, or a damaged one."""


def check_header(path: Path, read: "Callable[..., pd.DataFrame]") -> None:
    """Refuses a text table whose first line names a column twice.

    Args:
        path: the file.
        read: what reads it.

    Raises:
        ValueError: naming the columns.
    """
    names = read(path, header=None, nrows=1, dtype=str, keep_default_na=False).iloc[0]
    if any("\0" in name for name in names):
        raise other_encoding(path)
    check_names(path, [name for name in names if name])


def longer_rows(path: Path) -> ValueError:
    """The error for a text table with rows of more cells than its first line has names."""
    return ValueError(
        f"{path}: wanted as many cells in a row as names in line 1, got more; name every column, "
        "or mend these rows"
    )


def check_names(path: Path, names: Iterable[object]) -> None:
    """Refuses columns of one name.

    Raises:
        ValueError: naming them.
    """
    twice = [name for name, count in Counter(map(str, names)).items() if count > 1]
    if twice:
        raise ValueError(
            f"columns: wanted names that differ, got {', '.join(twice[:5])} more than once in "
            f"{path}; rename all but one"
        )


def other_encoding(path: Path) -> ValueError:
    """The error for a table whose text is not UTF-8, with what it probably is."""
    is_wide = path.read_bytes()[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in path.read_bytes()
    likely = "UTF-16" if is_wide else "LATIN1"
    return ValueError(
        f"{path}: wanted text in UTF-8, got another encoding, probably {likely}; save it as UTF-8, "
        f"as by iconv -f {likely} -t UTF-8"
    )
