"""Rows held out as a validation set, for sources that have none of their own."""

from typing import Literal

import numpy as np
from jaxtyping import Int, ScalarLike, Shaped

from davinz_jax.data.randomness import require_generator
from davinz_jax.data.scalars import number
from davinz_jax.types import PRNGKey

Holdout = ScalarLike | Literal["none"] | None
"""Share of the rows held out; "none" for what needs no validation set; None where there must be
one of its own."""


def hold_out(
    num_rows: int,
    *,
    fraction: Holdout,
    parties: Shaped[np.ndarray, " n"] | None = None,
    key: PRNGKey | None,
    source: str = "the data",
) -> tuple[Int[np.ndarray, " k"], Int[np.ndarray, " m"], str]:
    """Splits rows at random into those to be valued and a validation set.

    Args:
        num_rows: rows there are.
        fraction: share of the rows held out, in (0, 1); at least one row on either side;
            or "none": no row is, and the rows themselves stand for the validation set.
        parties: whose each row is; every party keeps at least one row.
        key: fixes the draw.
        source: what has no validation set of its own, for messages.

    Returns:
        Kept rows and held-out rows, both in their original order, and a note for the result.

    Raises:
        ValueError: without a fraction in (0, 1) or a key, or with no row to spare.
    """
    if isinstance(fraction, str) and fraction == "none":
        rows = np.arange(num_rows)
        return rows, rows, "validation set: none, no row is held out"
    if fraction is None or not 0 < number(fraction) < 1:
        raise ValueError(
            f"validation set: wanted one in {source}, or a holdout fraction in (0, 1), got none "
            f"and holdout={fraction}; give a validation set, or set holdout=0.2"
        )
    order = require_generator(key, "the held-out validation set").permutation(num_rows)
    spare = order[1:] if parties is None else _spare_rows(order, parties)
    if not len(spare):
        raise ValueError(
            f"holdout: wanted more rows than parties, got {num_rows} in all; give a validation "
            "set of its own, or more rows"
        )
    held = np.sort(spare[: max(round(number(fraction) * num_rows), 1)])
    kept = np.setdiff1d(np.arange(num_rows), held)
    return kept, held, _note(len(held), num_rows, source)


def _spare_rows(
    order: Int[np.ndarray, " n"], parties: Shaped[np.ndarray, " n"]
) -> Int[np.ndarray, " s"]:
    """The rows, in the order given, without the first one of each party."""
    _, first = np.unique(parties[order], return_index=True)
    return np.delete(order, first)


def _note(num_held: int, num_rows: int, source: str) -> str:
    """What a result says about a validation set that was held out.

    >>> _note(2, 10, "x.csv")
    'validation set: 2 of 10 rows held out at random, for there is none in x.csv'
    """
    return (
        f"validation set: {num_held} of {num_rows} rows held out at random, for there is none in "
        f"{source}"
    )
