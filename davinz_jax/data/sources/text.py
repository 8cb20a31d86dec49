"""A user's own texts with a label each, from a table in any file that `open_table` reads."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Int

from davinz_jax.data.checks import validate
from davinz_jax.data.dataset import Dataset, Parties, Validation
from davinz_jax.data.holdout import NO_HOLDOUT, Holdout
from davinz_jax.data.local import PathLike
from davinz_jax.data.randomness import split_key
from davinz_jax.data.remarks import with_remarks
from davinz_jax.data.selection import Select, select_dataset
from davinz_jax.data.sources.table import split_validation
from davinz_jax.data.sources.table_columns import check_column, row_ids
from davinz_jax.data.sources.table_fit import fit_target
from davinz_jax.data.sources.table_schema import TableSchema
from davinz_jax.data.tabular.options import AUTO, FileOptions
from davinz_jax.data.tabular.reading import TableFile, open_table
from davinz_jax.data.tokens import TextTokenizer, pad_rows, read_tokenizer
from davinz_jax.types import PRNGKey, Progress, Task

if TYPE_CHECKING:
    import pandas as pd

MOST = 5
"""Rows that a message names."""


def load_text(
    path: PathLike,
    *,
    text: str | Sequence[str],
    target: str,
    tokenizer: PathLike | None,
    party: str | None = None,
    id: str | None = None,
    task: Task | None = None,
    validation_path: PathLike | None = None,
    holdout: Holdout = 0.2,
    max_tokens: int = 64,
    schema: Mapping[str, Any] | None = None,
    num_rows: int | None = None,
    num_validation_rows: int | None = None,
    select: Select = "first",
    separator: str = AUTO,
    encoding: str = AUTO,
    compression: str = AUTO,
    key: PRNGKey | None = None,
    progress: Progress | None = None,
) -> Dataset:
    """Texts as rows of token ids, for a pretrained encoder.

    Args:
        path: table with a column of texts: CSV, JSON lines, Parquet or Excel, packed or not.
        text: column of the texts; or two, whose texts are read as a pair.
        target: column to be predicted.
        tokenizer: folder of a pretrained encoder, or file tokenizer.json.
        party: column that says whose a row is; None where the table does not say.
        id: column that names rows, each once; None where rows are known by their lines.
        task: as in `load_table`.
        validation_path: table of the validation set, whose target column may be missing.
        holdout: share of the rows held out as validation set where there is no such file.
        max_tokens: tokens of a row at most; longer texts are cut, and a note counts them.
        schema: `encoding` of an earlier data set of the same tokenizer, whose classes, or unit of
            targets, these rows take in place of their own.
        num_rows: rows to be valued; None for all.
        num_validation_rows: rows of the validation set; None for all.
        select: which rows, as in `select_rows`.
        separator: as in `load_table`, and so the next two.
        encoding: of the file.
        compression: of the file.
        key: needed for a held-out validation set and for select=random.
        progress: taken as by every source.

    Returns:
        Inputs (n, t), int32 ids of tokens, padded to the longest row; `encoding` says how.

    Raises:
        ValueError: as `open_table` and `read_tokenizer`; for a column that is unknown, texts that
            are empty, or targets with gaps.
        FileNotFoundError: without a tokenizer.
    """
    columns = _names_of(text, target, party)
    maker = read_tokenizer(tokenizer, max_tokens=max_tokens)
    options = FileOptions(separator, AUTO, encoding, compression)
    table = _read(path, options, columns)
    other = None if validation_path is None else _read(validation_path, options, columns)
    for argument, column in (("target", target), ("party", party), ("id", id)):
        if column is not None:
            check_column(column, table.frame.columns, argument)
    ids = None if id is None else row_ids(table.frame, id)
    hold_key, *row_keys = split_key(key, 3)
    leave = {*table.frame.columns} - {*columns}
    frame, validation_frame, notes = split_validation(
        table, other, Path(path).name, party, holdout, hold_key, leave=leave
    )
    apart = None if NO_HOLDOUT in notes else validation_frame
    fitted = (
        fit_target(frame, apart, target=target, party=party, task=task)
        if schema is None
        else _earlier_schema(schema, maker, target, party)
    )
    kept = frame.index.to_numpy()
    dataset = _dataset(maker, fitted, frame, apart, columns)
    dataset = replace(
        dataset,
        name=Path(path).name.split(".")[0],
        notes=(*notes, *dataset.notes),
        lines=table.lines[kept],
        ids=None if ids is None else ids[kept],
    )
    used = select_dataset(dataset, num_rows, num_validation_rows, select=select, keys=row_keys)
    return with_remarks(validate(used))


def _dataset(
    maker: TextTokenizer,
    schema: TableSchema,
    frame: "pd.DataFrame",
    validation_frame: "pd.DataFrame | None",
    columns: Sequence[str],
) -> Dataset:
    """Rows and validation rows as ids and targets; the same rows where there are none apart."""
    inputs, seen, cut = _encode(maker, frame, validation_frame, columns)
    judges = frame if validation_frame is None else validation_frame
    owners, has_targets = schema.parties(frame), schema.target in judges.columns
    return Dataset(
        inputs,
        schema.encode_targets(frame),
        task=schema.task,
        num_classes=max(len(schema.classes), 1),
        validation=Validation(seen, schema.encode_targets(judges) if has_targets else None),
        class_names=schema.classes,
        parties=None if owners is None else Parties.from_names(owners),
        notes=cut,
        encoding={**schema.to_dict(), "kind": "text", "text": [*columns], **maker.to_dict()},
        input_kind="tokens",
    )


def _earlier_schema(
    stored: Mapping[str, Any], maker: TextTokenizer, target: str, party: str | None
) -> TableSchema:
    """Target and parties as an earlier data set has them, if its rows are of the same tokens."""
    own = maker.to_dict()
    if target != stored["target"] or own != {name: stored[name] for name in own}:
        raise ValueError(
            f"schema: wanted one of the target {target}, the tokenizer {maker.source} and "
            f"{maker.max_tokens} tokens, got another; give the encoding of data like these"
        )
    names = {field.name for field in fields(TableSchema)}
    schema = TableSchema.from_dict({name: stored[name] for name in names})
    return replace(schema, party=party)


def _names_of(text: str | Sequence[str], target: str, party: str | None) -> tuple[str, ...]:
    """The columns of texts, one or two that are neither target nor party."""
    names = (text,) if isinstance(text, str) else tuple(text)
    if len(names) not in (1, 2) or {target, party} & {*names} or len({*names}) < len(names):
        raise ValueError(
            f"text: wanted one column, or two for a pair, that are neither target nor party, got "
            f"{', '.join(names) or 'none'}; name the column of the texts"
        )
    return names


def _read(path: PathLike, options: FileOptions, columns: Sequence[str]) -> TableFile:
    """A table whose texts are as its file has them.

    Raises:
        ValueError: for an unknown column, or for empty texts, by their lines.
    """
    table = open_table(path, options)
    for name in columns:
        check_column(name, table.frame.columns, "text")
    cells, frame = table.cells(), table.frame.copy()
    for name in columns:
        frame[name] = [_words(cell) for cell in cells[name]]
        empty = table.lines[(frame[name].str.strip() == "").to_numpy(dtype=bool)]
        if len(empty):
            shown = ", ".join(map(str, empty[:MOST])) + (", ..." if len(empty) > MOST else "")
            raise ValueError(
                f"text: wanted words in every row, got none in {len(empty)} of {len(frame)} rows "
                f"({name} in line {shown} of {Path(path).name}); drop these rows"
            )
    return replace(table, frame=frame)


def _words(cell: object) -> str:
    """A cell as text; nothing for a gap."""
    return "" if cell is None or cell != cell else str(cell)


def _encode(
    maker: TextTokenizer,
    frame: "pd.DataFrame",
    validation_frame: "pd.DataFrame | None",
    columns: Sequence[str],
) -> tuple[Int[np.ndarray, "n t"], Int[np.ndarray, "m t"], tuple[str, ...]]:
    """Rows and validation rows as ids, of one width, and what was cut; the same rows without."""
    own, num_cut = maker.encode(_rows_of(frame, columns))
    other, num_more = ([], 0)
    if validation_frame is not None:
        other, num_more = maker.encode(_rows_of(validation_frame, columns))
    width = max(map(len, (*own, *other)))
    inputs = pad_rows(own, pad=maker.pad, width=width)
    seen = inputs if validation_frame is None else pad_rows(other, pad=maker.pad, width=width)
    return inputs, seen, _told(num_cut, len(own), num_more, len(other), maker.max_tokens)


def _rows_of(frame: "pd.DataFrame", columns: Sequence[str]) -> list[tuple[str, ...]]:
    return [tuple(row) for row in frame[list(columns)].itertuples(index=False)]


def _told(
    num_cut: int, num_rows: int, num_more: int, num_others: int, max_tokens: int
) -> tuple[str, ...]:
    """A note of texts that were cut."""
    if not num_cut + num_more:
        return ()
    beside = f" and {num_more} of {num_others} validation rows" if num_others else ""
    return (
        f"texts cut to {max_tokens} tokens: {num_cut} of {num_rows} rows{beside}; "
        "data.max_tokens takes more",
    )
