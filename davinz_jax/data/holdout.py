"""Rows held out as a validation set, for sources that have none of their own."""

import hashlib
from collections.abc import Sequence
from typing import Literal

import numpy as np
from jaxtyping import Int, ScalarLike, Shaped

from davinz_jax.data.randomness import require_generator
from davinz_jax.data.scalars import number
from davinz_jax.types import PRNGKey

Holdout = ScalarLike | Literal["none"] | None
"""Share of the rows held out; "none" for what needs no validation set; None where there must be
one of its own."""

_HELD_OUT = "held out at random"
NO_HOLDOUT = "validation set: none, no row is held out"
"""Note of data whose rows stand for its validation set."""


def hold_out(
    num_rows: int,
    *,
    fraction: Holdout,
    parties: Shaped[np.ndarray, " n"] | None = None,
    key: PRNGKey | None,
    source: str = "the data",
    groups: Shaped[np.ndarray, " n"] | None = None,
) -> tuple[Int[np.ndarray, " k"], Int[np.ndarray, " m"], str]:
    """Splits rows at random into those to be valued and a validation set.

    Args:
        num_rows: rows there are.
        fraction: share of the rows held out, in (0, 1); at least one row on either side;
            or "none": no row is, and the rows themselves stand for the validation set.
        parties: whose each row is; every party keeps at least one row.
        key: fixes the draw.
        source: what has no validation set of its own, for messages.
        groups: rows of one group fall on one side, as identical rows should; none by default.

    Returns:
        Kept rows and held-out rows, both in their original order, and a note for the result.

    Raises:
        ValueError: without a fraction in (0, 1) or a key, or with no row to spare.
    """
    if isinstance(fraction, str) and fraction == "none":
        rows = np.arange(num_rows)
        return rows, rows, NO_HOLDOUT
    if fraction is None or isinstance(fraction, str) or not 0 < number(fraction) < 1:
        raise ValueError(
            f"validation set: wanted one in {source}, or a holdout fraction in (0, 1), got none "
            f"and holdout={fraction}; give a validation set, or set holdout=0.2"
        )
    order = require_generator(key, "the held-out validation set").permutation(num_rows)
    spare = order[1:] if parties is None else _spare_rows(order, parties)
    if groups is not None:
        spare = _whole_groups(spare, groups)
    if not len(spare):
        alike = "" if groups is None else f", {len(np.unique(groups))} of them different"
        raise ValueError(
            f"holdout: wanted more rows than parties, got {num_rows} in all{alike}; give a "
            "validation set of its own, or more rows (identical ones stay on one side)"
        )
    wanted = max(round(number(fraction) * num_rows), 1)
    held = np.sort(spare[: _end_of_group(spare, groups, wanted)])
    kept = np.setdiff1d(np.arange(num_rows), held)
    return kept, held, _note(len(held), num_rows, source)


def _spare_rows(
    order: Int[np.ndarray, " n"], parties: Shaped[np.ndarray, " n"]
) -> Int[np.ndarray, " s"]:
    """The rows, in the order given, without the first one of each party."""
    _, first = np.unique(parties[order], return_index=True)
    return np.delete(order, first)


def _whole_groups(
    spare: Int[np.ndarray, " s"], groups: Shaped[np.ndarray, " n"]
) -> Int[np.ndarray, " r"]:
    """The spare rows whose whole group is spare, group by group in the order of their first."""
    _, place = np.unique(groups, return_inverse=True)
    is_kept = np.ones(len(groups), bool)
    is_kept[spare] = False
    whole = spare[~np.isin(place[spare], place[is_kept])]
    _, first, turn = np.unique(place[whole], return_index=True, return_inverse=True)
    return whole[np.argsort(first[turn], kind="stable")]


def _end_of_group(
    spare: Int[np.ndarray, " s"], groups: Shaped[np.ndarray, " n"] | None, wanted: int
) -> int:
    """How many of the spare rows are held out: as many as wanted, and the rest of a group."""
    if groups is None or wanted >= len(spare):
        return wanted
    last = groups[spare[wanted - 1]]
    return wanted + int((groups[spare[wanted:]] == last).sum())


def identical_rows(inputs: Shaped[np.ndarray, "n ..."]) -> Int[np.ndarray, " n"]:
    """A number for each row, the same where all entries are.

    >>> identical_rows(np.array([[1.0, 2.0], [3.0, 0.0], [1.0, 2.0]])).tolist()
    [0, 1, 0]
    """
    numbers: dict[bytes, int] = {}
    digests = (hashlib.blake2b((row + 0).tobytes(), digest_size=16).digest() for row in inputs)
    return np.array([numbers.setdefault(each, len(numbers)) for each in digests], np.int64)


def is_held_out(notes: Sequence[str]) -> bool:
    """Whether the notes of a dataset say that rows were held out as its validation set.

    >>> is_held_out([_note(2, 10, "x.csv")]), is_held_out([NO_HOLDOUT])
    (True, False)
    """
    return any(_HELD_OUT in note for note in notes)


def _note(num_held: int, num_rows: int, source: str) -> str:
    """What a result says about a validation set that was held out.

    >>> _note(2, 10, "x.csv")
    'validation set: 2 of 10 rows held out at random, for there is none in x.csv'
    """
    return (
        f"validation set: {num_held} of {num_rows} rows {_HELD_OUT}, for there is none in {source}"
    )
