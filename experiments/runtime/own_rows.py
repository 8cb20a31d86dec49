"""The rows of a dataset as their source has them: cells for people, bytes for programs."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Bool, Int

from davinz_jax.data import Dataset, FileOptions, TableFile, load_table, load_text, open_table
from davinz_jax.data.records import FileRecords
from davinz_jax.files import Writer
from experiments.runtime.foreign import cell
from experiments.runtime.outputs import data_writer

PARQUET = ".parquet"


@dataclass(frozen=True)
class OwnRows:
    """Rows of a dataset as their source has them.

    Attributes:
        cells: the columns of the source, one line a row of the dataset, in its order.
        records: the file's rows byte for byte, unpacked, where it is a table in text.
        places: place of each row of the dataset among the records.
        ending: of the name of a file with such rows.
        remark: how such a file differs from the source's; empty where it does not.
    """

    cells: pd.DataFrame
    records: FileRecords | None
    places: Int[np.ndarray, " n"]
    ending: str
    remark: str = ""

    def writer(self, chosen: Bool[np.ndarray, " n"]) -> Writer:
        """Writes the chosen rows, in the source's order and, if it is text, in its bytes."""
        if self.records is None:
            order = np.argsort(self.places[chosen], kind="stable")
            kept = self.cells[chosen].iloc[order]
            if self.ending == PARQUET:
                return partial(kept.to_parquet, index=False)
            return data_writer(kept)
        wanted = np.zeros(len(self.records.rows), bool)
        wanted[self.places[chosen]] = True
        content = self.records.keep(wanted)
        return lambda path: path.write_bytes(content)

    @property
    def has_formulas(self) -> bool:
        """Whether a spreadsheet would compute some cell or name of a column."""
        words = self.cells.select_dtypes(exclude="number").astype(object)
        marked = words.map(lambda word: isinstance(word, str) and cell(word) != word)
        return bool(marked.to_numpy(dtype=bool).any()) or any(
            cell(name) != name for name in self.cells.columns
        )


def own_rows(source: Any, dataset: Dataset) -> OwnRows:
    """The rows that a source gave as a dataset, with lines.

    Args:
        source: what the group `data` made.
        dataset: what it gave, perhaps fewer rows of it.
    """
    assert dataset.lines is not None
    is_table = isinstance(source, partial) and source.func in (load_table, load_text)
    if is_table and isinstance(source.keywords["path"], str):
        return _of_table(source.keywords, dataset.lines)
    return OwnRows(pd.DataFrame(_columns(dataset)), None, dataset.lines, ".csv")


def _of_table(settings: Mapping[str, Any], lines: Int[np.ndarray, " n"]) -> OwnRows:
    """Rows of a table's file, read as its source reads it."""
    said = {field.name: settings.get(field.name, field.default) for field in fields(FileOptions)}
    table = open_table(settings["path"], FileOptions(**said))
    places = np.searchsorted(table.lines, lines)
    cells = table.cells().iloc[places].reset_index(drop=True)
    remark = _remark(Path(settings["path"]), table)
    return OwnRows(cells, table.records, places, table.ending, remark)


def _remark(path: Path, table: TableFile) -> str:
    """How rows that are copied differ from those of their file."""
    if table.records is not None:
        return "" if path.suffix.lower() == table.ending else f"the rows of {path.name}, unpacked"
    return f"the cells of {path.name} as CSV" if table.ending == ".csv" else ""


def _columns(dataset: Dataset) -> Mapping[str, np.ndarray]:
    """Decoded columns of rows that come from no table: their inputs, if flat, and targets."""
    columns: dict[str, np.ndarray] = {"row": dataset.lines}  # pyright: ignore
    if dataset.inputs.ndim == 2:
        names = dataset.feature_names or [f"input_{at}" for at in range(dataset.inputs.shape[1])]
        columns |= dict(zip(names, dataset.inputs.T, strict=True))
    names = np.array(dataset.class_names)
    return columns | {"target": names[dataset.targets] if len(names) else dataset.targets}
