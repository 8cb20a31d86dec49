"""The rows of a dataset as their source has them: cells for people, bytes for programs."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Bool, Int

from davinz_jax.data import Dataset, load_table, read_cells
from davinz_jax.data.records import FileRecords, file_records, is_text_table
from davinz_jax.files import Writer
from experiments.runtime.foreign import cell
from experiments.runtime.outputs import data_writer


@dataclass(frozen=True)
class OwnRows:
    """Rows of a dataset as their source has them.

    Attributes:
        cells: the columns of the source, one line a row of the dataset, in its order.
        records: the file's rows byte for byte, where it is a table in text.
        places: place of each row of the dataset among the records.
        ending: of the name of a file with such rows.
    """

    cells: pd.DataFrame
    records: FileRecords | None
    places: Int[np.ndarray, " n"]
    ending: str

    def writer(self, chosen: Bool[np.ndarray, " n"]) -> Writer:
        """Writes the chosen rows, in the source's order and, if it is text, in its bytes."""
        if self.records is None:
            order = np.argsort(self.places[chosen], kind="stable")
            return data_writer(self.cells[chosen].iloc[order])
        wanted = np.zeros(len(self.records.rows), bool)
        wanted[self.places[chosen]] = True
        content = self.records.keep(wanted)
        return lambda path: path.write_bytes(content)

    @property
    def has_formulas(self) -> bool:
        """Whether a spreadsheet would compute some cell or name of a column."""
        words = self.cells.select_dtypes(exclude="number").astype(object)
        marked = words.map(lambda word: cell(word) != word).to_numpy(dtype=bool)
        return bool(marked.any()) or any(cell(name) != name for name in self.cells.columns)


def own_rows(source: Any, dataset: Dataset) -> OwnRows:
    """The rows that a source gave as a dataset, with lines.

    Args:
        source: what the group `data` made.
        dataset: what it gave, perhaps fewer rows of it.
    """
    assert dataset.lines is not None
    if isinstance(source, partial) and source.func is load_table:
        return _of_table(Path(source.keywords["path"]), dataset.lines)
    return OwnRows(pd.DataFrame(_columns(dataset)), None, dataset.lines, ".csv")


def _of_table(path: Path, lines: Int[np.ndarray, " n"]) -> OwnRows:
    cells, records = read_cells(path), file_records(path) if is_text_table(path) else None
    if records is None or len(records.rows) != len(cells):
        places = lines - 2
        return OwnRows(cells.iloc[places].reset_index(drop=True), None, places, ".csv")
    places = np.searchsorted(records.lines, lines)
    ending = path.with_suffix("").suffix if path.suffix.lower() == ".gz" else path.suffix
    return OwnRows(cells.iloc[places].reset_index(drop=True), records, places, ending)


def _columns(dataset: Dataset) -> Mapping[str, np.ndarray]:
    """Decoded columns of rows that come from no table: their inputs, if flat, and targets."""
    columns: dict[str, np.ndarray] = {"row": dataset.lines}  # pyright: ignore
    if dataset.inputs.ndim == 2:
        names = dataset.feature_names or [f"input_{at}" for at in range(dataset.inputs.shape[1])]
        columns |= dict(zip(names, dataset.inputs.T, strict=True))
    names = np.array(dataset.class_names)
    return columns | {"target": names[dataset.targets] if len(names) else dataset.targets}
