"""A user's own table, from a file or from memory.

`fit_schema` decides how columns become inputs, from the rows to be valued; `load_table` reads,
holds out a validation set if there is no file with one, fits and encodes. The data set's `encoding`
is the schema, which scores a party that comes later in the same way.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from davinz_jax.data.checks import validate
from davinz_jax.data.dataset import Dataset, Parties, Validation
from davinz_jax.data.holdout import NO_HOLDOUT, Holdout, hold_out
from davinz_jax.data.local import PathLike
from davinz_jax.data.randomness import split_key
from davinz_jax.data.remarks import with_remarks
from davinz_jax.data.selection import Select, select_dataset
from davinz_jax.data.sources.table_columns import check_column, row_ids
from davinz_jax.data.sources.table_faults import identifier_notes
from davinz_jax.data.sources.table_fit import fit_schema
from davinz_jax.data.sources.table_schema import Impute, TableSchema
from davinz_jax.data.tabular.dates import convert_dates
from davinz_jax.data.tabular.memory import InMemory, frame_of, is_path
from davinz_jax.data.tabular.options import AUTO, FileOptions
from davinz_jax.data.tabular.reading import TableFile, open_table
from davinz_jax.types import PRNGKey, Progress, Task

if TYPE_CHECKING:
    import pandas as pd


def load_table(
    path: PathLike | InMemory,
    *,
    target: str,
    party: str | None = None,
    id: str | None = None,
    ignore: Sequence[str] = (),
    categorical: Sequence[str] = (),
    task: Task | None = None,
    validation_path: PathLike | InMemory | None = None,
    holdout: Holdout = 0.2,
    impute: Impute | None = None,
    max_categories: int = 100,
    schema: TableSchema | Mapping[str, Any] | None = None,
    num_rows: int | None = None,
    num_validation_rows: int | None = None,
    select: Select = "first",
    separator: str = AUTO,
    decimal: str = AUTO,
    encoding: str = AUTO,
    compression: str = AUTO,
    sheet: str | None = None,
    columns: Sequence[str] | None = None,
    key: PRNGKey | None = None,
    progress: Progress | None = None,
) -> Dataset:
    """A table as a data set, numeric columns standardised and categorical ones one-hot.

    Args:
        path: file of text in any encoding, Excel (.xlsx) or Parquet, packed or not, the names of
            the columns first; or a table in memory: a frame of pandas or polars, a mapping of
            columns, a NumPy array. Dates become days.
        target: column to be predicted.
        party: column that says whose a row is; no input. None where the table does not say.
        id: column that names rows, each once; no input. None where rows are known by their lines.
        ignore: columns left out.
        categorical: columns of numbers that are categories.
        task: None infers it: classification for words, truth values and integers, else
            regression. A regression target is standardised.
        validation_path: table of the validation set, whose target column may be missing.
        holdout: share of the rows held out as validation set where there is no such file.
        impute: what fills missing numbers, by the rows to be valued alone (the validation set tells
            nothing); words are filled by their most frequent value. None refuses gaps.
        max_categories: most categories that a column may have, to catch identifiers.
        schema: a schema, or its `to_dict`, that encodes these rows in place of a fitted one; only
            `party` may then differ from it, and the choices of columns are the schema's.
        num_rows: rows to be valued; None for all.
        num_validation_rows: rows of the validation set; None for all.
        select: which rows, as in `select_rows`.
        separator: between cells: `comma`, `semicolon`, `tab`, `pipe` or a character; `auto`
            recognises it from the file, as the next three.
        decimal: before decimals: `point` or `comma`.
        encoding: of a text, as Python names it.
        compression: of the file: `none`, `gzip`, `bz2`, `xz`, `zip` or `zstd`.
        sheet: of an Excel file; None for the first.
        columns: names of the columns of a two-dimensional array.
        key: needed for a held-out validation set and for select=random.
        progress: taken as by every source; there is nothing to wait for.

    Returns:
        Inputs (n, d), float32, with `feature_names`; `encoding` is the schema as JSON would hold
        it; notes say what was held out, imputed or unknown.

    Raises:
        ValueError: if the file is missing or unreadable, a column is unknown, has missing or
            infinite values or too many categories, or there is no validation set and no holdout.
    """
    options = FileOptions(separator, decimal, encoding, compression, sheet)
    ignore = _without_id(id, target, party, ignore)
    words = {target, party, *ignore, *_categories(schema, categorical)} - {None}
    read = partial(_read, options=options, columns=columns, words=words)
    table, other = read(path), None if validation_path is None else read(validation_path)
    for argument, column in (("target", target), ("party", party), ("id", id)):
        if column is not None:
            check_column(column, table.frame.columns, argument)
    ids = None if id is None else row_ids(table.frame, id)
    hold_key, *row_keys = split_key(key, 3)
    frame, validation_frame, notes = split_validation(
        table, other, _source(path), party, holdout, hold_key, leave={target, *ignore}
    )
    if schema is None:
        schema = fit_schema(
            frame,
            validation_frame if NO_HOLDOUT not in notes else None,
            target=target,
            party=party,
            ignore=ignore,
            categorical=categorical,
            task=task,
            impute=impute,
            max_categories=max_categories,
        )
    schema = _own_schema(schema, target, party)
    dataset = _encode(frame, validation_frame, schema, name=_source(path).split(".")[0])
    kept = frame.index.to_numpy()
    notes += identifier_notes(frame, [column.name for column in schema.columns], ignore=ignore)
    dataset = replace(
        dataset,
        notes=(*notes, *dataset.notes),
        lines=table.lines[kept],
        ids=None if ids is None else ids[kept],
    )
    used = select_dataset(dataset, num_rows, num_validation_rows, select=select, keys=row_keys)
    return with_remarks(validate(used))


def _without_id(
    id: str | None, target: str, party: str | None, ignore: Sequence[str]
) -> Sequence[str]:
    """The columns left out, that of the rows' names among them."""
    if id is None:
        return ignore
    if id in (target, party):
        raise ValueError(
            f"id: wanted a column that is neither target nor party, got {id}; name another one"
        )
    return [*ignore, id]


def encode_table(
    frame: "pd.DataFrame",
    validation_frame: "pd.DataFrame",
    schema: TableSchema,
    *,
    name: str = "table",
) -> Dataset:
    """Rows to be valued and a validation set, encoded by a schema.

    Args:
        frame: table of the rows to be valued.
        validation_frame: table of the validation set, with or without the target column.
        schema: how columns become inputs and targets.
        name: name of the data set.

    Raises:
        ValueError: if a table does not have the schema's columns, or the result fails the checks
            of `validate`.
    """
    return validate(_encode(frame, validation_frame, schema, name=name))


def _encode(
    frame: "pd.DataFrame", validation_frame: "pd.DataFrame", schema: TableSchema, *, name: str
) -> Dataset:
    """What `encode_table` returns, not checked yet."""
    owners = schema.parties(frame)
    has_targets = schema.target in validation_frame.columns
    return Dataset(
        schema.encode_inputs(frame),
        schema.encode_targets(frame),
        task=schema.task,
        num_classes=max(len(schema.classes), 1),
        validation=Validation(
            schema.encode_inputs(validation_frame),
            schema.encode_targets(validation_frame) if has_targets else None,
        ),
        name=name,
        class_names=schema.classes,
        feature_names=schema.feature_names,
        parties=None if owners is None else Parties.from_names(owners),
        notes=_notes(frame, validation_frame, schema),
        encoding=schema.to_dict(),
    )


def _notes(
    frame: "pd.DataFrame", validation_frame: "pd.DataFrame", schema: TableSchema
) -> tuple[str, ...]:
    """What became of the cells, said once where the rows are their own validation set."""
    notes = (*schema.date_note(frame), *schema.notes(frame, "rows"))
    if validation_frame.equals(frame):
        return notes
    return notes + schema.notes(validation_frame, "validation set")


def _own_schema(
    schema: TableSchema | Mapping[str, Any], target: str, party: str | None
) -> TableSchema:
    """The schema given, for this table's party column."""
    if not isinstance(schema, TableSchema):
        schema = TableSchema.from_dict(schema)
    if schema.target != target:
        raise ValueError(
            f"schema: wanted one for the target {target}, got one for {schema.target}; "
            "name the same target, or fit another schema"
        )
    return replace(schema, party=party)


def _read(
    table: PathLike | InMemory,
    *,
    options: FileOptions,
    columns: Sequence[str] | None,
    words: Set[str],
) -> TableFile:
    """A table from its file, or from memory, where its rows are counted from 1; dates are dates.

    Columns of `words` are left as they are.
    """
    if is_path(table):
        found = open_table(table, options)
    else:
        frame = frame_of(table, columns)
        found = TableFile(frame, np.arange(1, len(frame) + 1), (), ".csv")
    frame, said = convert_dates(found.frame, words)
    return replace(found, frame=frame, notes=(*found.notes, *said))


def _categories(
    schema: TableSchema | Mapping[str, Any] | None, categorical: Sequence[str]
) -> Sequence[str]:
    """Columns that are categories: those named, or the schema's."""
    if schema is None:
        return categorical
    stored = schema.to_dict() if isinstance(schema, TableSchema) else schema
    return [column["name"] for column in stored.get("columns", ()) if "categories" in column]


def _source(table: PathLike | InMemory) -> str:
    """Name of the file; `table` for one in memory."""
    return Path(table).name if is_path(table) else "table"


def split_validation(
    table: TableFile,
    other: TableFile | None,
    source: str,
    party: str | None,
    holdout: Holdout,
    key: PRNGKey | None,
    leave: Set[str],
) -> tuple["pd.DataFrame", "pd.DataFrame", tuple[str, ...]]:
    """The rows to be valued, the validation set, and what there is to say about them.

    Args:
        table: the rows.
        other: those of the validation set; None where some are held out.
        source: name of the file.
        party: column that says whose a row is.
        holdout: as in `load_table`.
        key: as there.
        leave: columns in which identical rows may differ, beside the party's.
    """
    frame = table.frame
    if other is not None:
        return frame, other.frame, tuple(dict.fromkeys((*table.notes, *other.notes)))
    owners = None if party is None else frame[party].astype(str).to_numpy(dtype=str)
    inputs = [name for name in frame.columns if name not in {*leave, party}]
    groups = frame.groupby(inputs, dropna=False, sort=False).ngroup() if inputs else frame.index
    kept, held, note = hold_out(
        len(frame),
        fraction=holdout,
        parties=owners,
        key=key,
        source=source,
        groups=groups.to_numpy(),
    )
    return frame.iloc[kept], frame.iloc[held], (*table.notes, note)
