"""What keeps columns of a table from being used, all of it in one message with all remedies."""

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from davinz_jax.data.checks import LARGEST
from davinz_jax.data.sources.table_columns import (
    category_names,
    column_of,
    in_days,
    is_date,
    is_number,
)

if TYPE_CHECKING:
    import pandas as pd

Remedy = Literal["impute", "ignore", "drop", "mend"]
"""What does away with a fault: filling gaps, leaving the column out, dropping or mending rows."""

HINTS: Mapping[Remedy, str] = {
    "drop": "drop the rows that lack",
    "mend": "as the encoding is fixed, mend",
}


@dataclass(frozen=True)
class Fault:
    """What is wrong with a column.

    Attributes:
        column: its name.
        text: what is wrong, as in `12 gaps`.
        remedy: what does away with it.
    """

    column: str
    text: str
    remedy: Remedy


def number_faults(
    frame: "pd.DataFrame", name: str, others: "Sequence[pd.DataFrame]" = (), *, filled: bool
) -> Iterator[Fault]:
    """Faults of a column of numbers.

    Args:
        frame: table of the rows to be valued.
        name: the column.
        others: tables whose rows are encoded alike.
        filled: whether gaps are filled.
    """
    yield from gap_faults(frame, name, others, filled=filled)
    columns = [column_of(part, name) for part in (frame, *others)]
    if not all(map(is_number, columns)):
        yield Fault(name, "words where there should be numbers", "ignore")
        return
    values = np.concatenate([_floats(in_days(column)) for column in columns])
    num_infinite = int(np.isinf(values).sum())
    worst = np.max(np.abs(values), initial=0, where=~np.isnan(values))
    if num_infinite:
        yield Fault(name, f"infinity in {num_infinite} of {len(values)} rows", "ignore")
    elif worst > LARGEST:
        yield Fault(name, f"a number of size {worst:.3g}, beyond {LARGEST:g}", "ignore")


def _floats(column: "pd.Series") -> np.ndarray:
    return column.to_numpy(dtype=np.float64, na_value=np.nan)


def word_faults(
    frame: "pd.DataFrame",
    name: str,
    others: "Sequence[pd.DataFrame]" = (),
    *,
    filled: bool,
    most: int,
) -> Iterator[Fault]:
    """Faults of a column of words: as `number_faults`, and too many of them.

    Args:
        frame: table of the rows to be valued.
        name: the column.
        others: tables whose rows are encoded alike.
        filled: whether gaps are filled.
        most: words that a column may have.
    """
    yield from gap_faults(frame, name, others, filled=filled)
    present = [part.loc[part[name].notna(), [name]] for part in (frame, *others)]
    words = np.concatenate([category_names(part, name) for part in present])
    different = np.unique(words)
    if len(different) > most:
        shown = ", ".join(_short(word) for word in different[:2])
        yield Fault(
            name, f"{len(different)} categories ({shown}, ...) in {len(words)} rows", "ignore"
        )


def _short(word: str) -> str:
    return word if len(word) <= 20 else f"{word[:19]}…"


def gap_faults(
    frame: "pd.DataFrame", name: str, others: "Sequence[pd.DataFrame]" = (), *, filled: bool
) -> Iterator[Fault]:
    """Gaps of a column that nothing fills; arguments as of `number_faults`."""
    num, more = _count(frame, name), sum(_count(part, name) for part in others)
    if num + more and not filled:
        beside = f", {more} of them in the validation set" if more else ""
        yield Fault(name, f"{_plural(num + more)}{beside}", "impute")


def _plural(num: int) -> str:
    return "1 gap" if num == 1 else f"{num} gaps"


def _count(frame: "pd.DataFrame", name: str) -> int:
    return int(column_of(frame, name).isna().sum())


def is_void(frame: "pd.DataFrame", name: str) -> bool:
    """Whether a column has no value at all."""
    return bool(column_of(frame, name).isna().all())


def owner_faults(name: str, frames: "Iterable[pd.DataFrame]") -> Iterator[Fault]:
    """Gaps of a target or of a column of parties, which nothing can fill."""
    num = sum(_count(part, name) for part in frames)
    if num:
        yield Fault(name, _plural(num), "drop")


def void_fault(name: str) -> Fault:
    """The fault of a column without a value."""
    return Fault(name, "no value at all", "ignore")


def refuse(faults: Iterable[Fault], num_rows: int, *, ignore: Sequence[str] = ()) -> None:
    """Refuse a table with all that is wrong with it.

    Args:
        faults: of its columns.
        num_rows: its rows, the validation set's among them.
        ignore: columns left out already.

    Raises:
        ValueError: naming every fault, and the options that do away with all of them.
    """
    found = list(faults)
    if not found:
        return
    got = ", ".join(f"{fault.column} ({fault.text})" for fault in found)
    raise ValueError(
        "columns: wanted no gaps, finite numbers and few categories, got in "
        f"{num_rows} rows: {got}; {_remedies(found, ignore)}"
    )


def _remedies(faults: Sequence[Fault], ignore: Sequence[str]) -> str:
    """Options that do away with all faults that options can, and what is left to do by hand."""
    by_remedy: dict[Remedy, list[str]] = {}
    for fault in faults:
        by_remedy.setdefault(fault.remedy, []).append(fault.column)
    options = ["data.impute=median"] if "impute" in by_remedy else []
    if "ignore" in by_remedy:
        options.append(ignoring([*ignore, *by_remedy["ignore"]]))
    said = [f"set {' '.join(options)} (in Python without `data.`)"] if options else []
    if "impute" in by_remedy:
        said.append("median fills gaps of words by the most frequent one")
    said += [f"{hint} {', '.join(by_remedy[kind])}" for kind, hint in HINTS.items()
             if kind in by_remedy]  # fmt: skip
    return "; ".join(said)


FEW = 20
"""Rows among which a column that never repeats itself is no identifier yet."""


def identifier_notes(
    frame: "pd.DataFrame", names: Iterable[str], *, ignore: Sequence[str]
) -> tuple[str, ...]:
    """Whether some columns look like identifiers or free text, and how to leave them out.

    Args:
        frame: table of the rows to be valued.
        names: input columns.
        ignore: columns left out already.
    """
    found = [name for name in names if _is_identifier(column_of(frame, name))]
    if not found:
        return ()
    return (
        f"used though they differ in nearly every row, as identifiers do: {', '.join(found)}; "
        f"{ignoring([*ignore, *found])} leaves them out",
    )


def _is_identifier(column: "pd.Series") -> bool:
    """Words that hardly repeat, or whole numbers that are hardly more than counted."""
    num, different = len(column), column.nunique()
    if num < FEW or is_date(column):
        return False
    if not is_number(column):
        return different > 0.9 * num
    span = column.max() - column.min()
    return column.dtype.kind in "iu" and different == num and bool(num > 0.6 * span)


def ignoring(names: Iterable[str]) -> str:
    """The option that leaves columns out, as a shell takes it.

    >>> print(ignoring(["id", "free text"]))
    'data.ignore=[id,"free text"]'
    """
    quoted = [name if _is_plain(name) else _quote(name) for name in dict.fromkeys(names)]
    return shlex.quote(f"data.ignore=[{','.join(quoted)}]")


def _is_plain(name: str) -> bool:
    words = ("null", "true", "false", "nan", "inf", "yes", "no", "on", "off")
    return bool(re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII)) and name.lower() not in words


def _quote(name: str) -> str:
    """A name in quotes as Hydra reads them: backslashes count before a quote alone."""
    doubled = re.sub(r'(\\+)("|$)', r"\1\1\2", name)
    escaped = doubled.replace('"', '\\"')
    return f'"{escaped}"'
