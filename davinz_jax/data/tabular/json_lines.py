"""Tables in JSON lines: one object a line, its keys the names of the columns."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from davinz_jax.data.records import FileRecords, split_lines
from davinz_jax.data.tabular import encodings
from davinz_jax.data.tabular.options import FileOptions

if TYPE_CHECKING:
    import pandas as pd


def read(path: Path, content: bytes, options: FileOptions) -> tuple["pd.DataFrame", FileRecords]:
    """The table, and its lines as the file has them; empty lines are no rows.

    Args:
        path: the file, for messages.
        content: its bytes, unpacked.
        options: of which the encoding is looked at.

    Raises:
        ValueError: for a line that is no JSON object, by its number.
    """
    import pandas as pd

    encoding, mark = encodings.decode_with(path, content, options.encoding)
    texts = split_lines(content[mark:].decode(encoding))
    numbers = [at for at, text in enumerate(texts, 1) if text.strip()]
    rows = [_parse(path, number, texts[number - 1]) for number in numbers]
    frame = pd.DataFrame(rows)
    records = FileRecords(
        header=b"",
        rows=tuple(texts[number - 1].encode(encoding) for number in numbers),
        lines=np.array(numbers, np.int64),
        widths=np.array([len(row) for row in rows], np.int64),
        names=tuple(map(str, frame.columns)),
        encoding=encoding,
    )
    return frame, records


def _parse(path: Path, number: int, text: str) -> dict[str, Any]:
    """The cells of a line; what is nested is left as JSON."""
    try:
        found = json.loads(text)
    except ValueError as error:
        raise ValueError(
            f"path: wanted a JSON object a line, got {error} in line {number} of {path}; mend it"
        ) from error
    if not isinstance(found, dict):
        raise ValueError(
            f"path: wanted a JSON object a line, got {type(found).__name__} in line {number} of "
            f'{path}; name its columns, as in {{"text": …, "label": …}}'
        )
    return {
        name: json.dumps(cell) if isinstance(cell, dict | list) else cell
        for name, cell in found.items()
    }
