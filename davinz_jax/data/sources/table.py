"""A user's own table, from a CSV or Parquet file.

`fit_schema` decides how columns become inputs, from the rows to be valued; `load_table` reads,
holds out a validation set if there is no file with one, fits and encodes. The data set's `encoding`
is the schema, which scores a party that comes later in the same way.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Int

from davinz_jax.data.checks import validate
from davinz_jax.data.dataset import Dataset, Parties, Validation
from davinz_jax.data.holdout import Holdout, hold_out
from davinz_jax.data.local import PathLike, unreadable_file
from davinz_jax.data.randomness import split_key
from davinz_jax.data.records import file_records, is_text_table
from davinz_jax.data.remarks import with_remarks
from davinz_jax.data.selection import Select, select_dataset
from davinz_jax.data.sources.table_columns import check_column
from davinz_jax.data.sources.table_fit import fit_schema
from davinz_jax.data.sources.table_layout import (
    TABLE_ERRORS,
    check_header,
    check_names,
    longer_rows,
    other_encoding,
)
from davinz_jax.data.sources.table_schema import Impute, TableSchema
from davinz_jax.types import PRNGKey, Progress, Task

if TYPE_CHECKING:
    import pandas as pd


def load_table(
    path: PathLike,
    *,
    target: str,
    party: str | None = None,
    ignore: Sequence[str] = (),
    categorical: Sequence[str] = (),
    task: Task | None = None,
    validation_path: PathLike | None = None,
    holdout: Holdout = 0.2,
    impute: Impute | None = None,
    max_categories: int = 100,
    schema: TableSchema | Mapping[str, Any] | None = None,
    num_rows: int | None = None,
    num_validation_rows: int | None = None,
    select: Select = "first",
    key: PRNGKey | None = None,
    progress: Progress | None = None,
) -> Dataset:
    """A table as a data set, numeric columns standardised and categorical ones one-hot.

    Args:
        path: file .csv, .csv.gz, .tsv, .parquet or .pq, its first line the names of the columns.
        target: column to be predicted.
        party: column that says whose a row is; no input. None where the table does not say.
        ignore: columns left out.
        categorical: columns of numbers that are categories.
        task: None infers it: classification for words, truth values and integers, else
            regression. A regression target is standardised.
        validation_path: file with the validation set, whose target column may be missing.
        holdout: share of the rows held out as validation set where there is no such file.
        impute: what fills missing values; None refuses them.
        max_categories: most categories that a column may have, to catch identifiers.
        schema: a schema, or its `to_dict`, that encodes these rows in place of a fitted one; only
            `party` may then differ from it, and the choices of columns are the schema's.
        num_rows: rows to be valued; None for all.
        num_validation_rows: rows of the validation set; None for all.
        select: which rows, as in `select_rows`.
        key: needed for a held-out validation set and for select=random.
        progress: taken as by every source; there is nothing to wait for.

    Returns:
        Inputs (n, d), float32, with `feature_names`; `encoding` is the schema as JSON would hold
        it; notes say what was held out, imputed or unknown.

    Raises:
        ValueError: if the file is missing or unreadable, a column is unknown, has missing or
            infinite values or too many categories, or there is no validation set and no holdout.
    """
    frame = read_table(path)
    for argument, column in (("target", target), ("party", party)):
        if column is not None:
            check_column(column, frame.columns, argument)
    hold_key, *row_keys = split_key(key, 3)
    num_rows_of_file = len(frame)
    frame, validation_frame, notes = _split_validation(
        frame, path, validation_path, party, holdout, hold_key, leave={target, *ignore}
    )
    if schema is None:
        schema = fit_schema(
            frame,
            validation_frame,
            target=target,
            party=party,
            ignore=ignore,
            categorical=categorical,
            task=task,
            impute=impute,
            max_categories=max_categories,
        )
    schema = _own_schema(schema, target, party)
    dataset = _encode(frame, validation_frame, schema, name=_name(path))
    lines, line_notes = _lines(path, num_rows=num_rows_of_file)
    dataset = replace(
        dataset,
        notes=(*notes, *dataset.notes, *line_notes),
        lines=lines[frame.index.to_numpy()],
    )
    used = select_dataset(dataset, num_rows, num_validation_rows, select=select, keys=row_keys)
    return with_remarks(validate(used))


def read_table(path: PathLike) -> "pd.DataFrame":
    """The table in a CSV, TSV or Parquet file.

    Raises:
        ValueError: if the file is missing, of another kind, unreadable or empty, in another
            encoding than UTF-8, or if two columns have one name or a row has more cells than there
            are columns.
    """
    import pandas as pd

    path = Path(path)
    if not path.is_file():
        raise ValueError(f"path: wanted a table, got {path}, which is no file; check the path")
    read = _reader(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            frame = read(path)
    except pd.errors.ParserWarning as error:
        raise longer_rows(path) from error
    except UnicodeDecodeError as error:
        raise other_encoding(path) from error
    except TABLE_ERRORS as error:
        raise unreadable_file(path, "a readable table", error) from error
    if is_text_table(path):
        check_header(path, read)
    check_names(path, frame.columns)
    if not len(frame):
        raise ValueError(f"path: wanted at least one row, got none in {path}; add rows")
    return frame.rename(columns=str).reset_index(drop=True)


def read_cells(path: PathLike) -> "pd.DataFrame":
    """The table as `read_table`, but the cells of a text table as the file has them.

    Raises:
        ValueError: as `read_table`.
    """
    if not is_text_table(path):
        return read_table(path)
    read_table(path)  # refuses what cannot be read
    return _reader(Path(path))(path, dtype=str, keep_default_na=False).rename(columns=str)


def _reader(path: Path) -> "Callable[..., pd.DataFrame]":
    """What reads a file of this name."""
    import pandas as pd

    name = path.name.lower()
    if name.endswith((".parquet", ".pq")):
        return partial(pd.read_parquet, engine="pyarrow")
    if name.endswith((".csv", ".csv.gz")):
        return partial(pd.read_csv, index_col=False)
    if name.endswith((".tsv", ".tsv.gz")):
        return partial(pd.read_csv, sep="\t", index_col=False)
    raise ValueError(f"path: wanted .csv, .tsv, .parquet or .pq, got {path.name}; convert the file")


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
        notes=(*schema.notes(frame, "rows"), *schema.notes(validation_frame, "validation set")),
        encoding=schema.to_dict(),
    )


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


def _lines(path: PathLike, num_rows: int) -> tuple[Int[np.ndarray, " n"], tuple[str, ...]]:
    """Line of the file on which each row begins, and what there is to say about it."""
    if is_text_table(path):
        lines = file_records(path).lines
        if len(lines) == num_rows:
            return lines, ()
        remark = f"{len(lines)} records for {num_rows} rows"
    else:
        remark = "a file without lines"
    note = f"lines of {Path(path).name}: row number + 1, the header counted as line 1, for {remark}"
    return np.arange(2, num_rows + 2), (note,)


def _name(path: PathLike) -> str:
    """File name without its endings."""
    return Path(path).name.split(".")[0]


def _split_validation(
    frame: "pd.DataFrame",
    path: PathLike,
    validation_path: PathLike | None,
    party: str | None,
    holdout: Holdout,
    key: PRNGKey | None,
    leave: Set[str],
) -> tuple["pd.DataFrame", "pd.DataFrame", tuple[str, ...]]:
    """The rows to be valued, the validation set, and what there is to say about it.

    Rows are identical where all columns are, but those to leave and the party's.
    """
    if validation_path is not None:
        return frame, read_table(validation_path), ()
    owners = None if party is None else frame[party].astype(str).to_numpy(dtype=str)
    inputs = [name for name in frame.columns if name not in {*leave, party}]
    groups = frame.groupby(inputs, dropna=False, sort=False).ngroup() if inputs else frame.index
    kept, held, note = hold_out(
        len(frame),
        fraction=holdout,
        parties=owners,
        key=key,
        source=Path(path).name,
        groups=groups.to_numpy(),
    )
    return frame.iloc[kept], frame.iloc[held], (note,)
