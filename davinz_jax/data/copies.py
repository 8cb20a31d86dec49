"""Rows that a party holds several times: whether they count once, or as often as they occur.

A copy weighs against the ridge and, where rows judge each other, judges too, so that a party could
gain by repeating its rows. But in a table of few distinct rows to repeat is what rows do, and how
often says something. `copying_parties` tells the two apart by what cannot be copying.
"""

from dataclasses import replace
from typing import Literal, NamedTuple, get_args

import numpy as np
from jaxtyping import Bool, Float, Int, Num

from davinz_jax.choices import check_choice
from davinz_jax.data.dataset import Dataset, Parties, Validation
from davinz_jax.data.holdout import identical_rows, is_held_out

Copies = Literal["auto", "once", "each"]
"""Whether a party's identical rows count once or each; `auto` goes by `copying_parties`."""

FAR = 10
"""How many times as often as elsewhere a party's rows recur where they are taken for copies."""

UNSEEN = 3
"""Pairs added to those that were seen, for what might have been: a rate of 3 in N pairs shows none
in 1 of 20 draws."""

MOST = 5
"""Parties that a note names."""


class Distinct(NamedTuple):
    """Rows of which a party's copies may have been left out.

    Attributes:
        dataset: the rows that count, in their order, with a note where others do not.
        parties: whose they are.
        stands_for: (n,) of each row given, the given row that counts for it: itself, or the first
            that it repeats.
    """

    dataset: Dataset
    parties: Parties
    stands_for: Int[np.ndarray, " n"]

    @property
    def places(self) -> Int[np.ndarray, " n"]:
        """Of each row given, the place of the one that counts for it among those that count."""
        return np.searchsorted(np.unique(self.stands_for), self.stands_for)


def leave_copies_out(dataset: Dataset, parties: Parties, *, copies: Copies = "auto") -> Distinct:
    """The rows, each once in each party: the first of those with equal inputs and target stays.

    Where copies are left out, rows that were held out as the validation set judge once too; a
    validation set of its own stays as it is.

    Args:
        dataset: the rows, not yet in folds.
        parties: whose they are.
        copies: `once`; `each` leaves them as they are; `auto` is `once` for `copying_parties`.

    Raises:
        ValueError: for another choice.
    """
    check_choice("copies", copies, get_args(Copies))
    stands_for = rows_that_count(dataset.inputs, dataset.targets, parties.indices, copies)
    is_kept = stands_for == np.arange(len(dataset))
    if is_kept.all():
        return Distinct(dataset, parties, stands_for)
    rows = np.flatnonzero(is_kept)
    distinct = dataset.take(rows)
    if is_held_out(dataset.notes):
        distinct = replace(distinct, validation=_each_once(dataset.validation))
    note = _note(parties, np.bincount(parties.indices[~is_kept], minlength=len(parties)))
    distinct = replace(distinct, notes=(*distinct.notes, note))
    return Distinct(distinct, Parties(parties.indices[rows], parties.names), stands_for)


def rows_that_count(
    inputs: Num[np.ndarray, "n ..."],
    targets: Num[np.ndarray, " n"],
    owners: Int[np.ndarray, " n"],
    copies: Copies,
) -> Int[np.ndarray, " n"]:
    """Of each row the one that counts for it, as `Distinct.stands_for`.

    Args:
        inputs: of the rows.
        targets: a row of another target is no copy.
        owners: party of each row, from 0.
        copies: as in `leave_copies_out`.
    """
    rows = np.arange(len(inputs))
    if copies == "each":
        return rows
    alike = identical_rows(inputs)
    first = _first_alike(owners, alike, targets)
    if copies == "once":
        return first
    return np.where(copying_parties(alike, targets, owners)[owners], first, rows)


def copying_parties(
    alike: Int[np.ndarray, " n"], targets: Num[np.ndarray, " n"], owners: Int[np.ndarray, " n"]
) -> Bool[np.ndarray, " p"]:
    """Which parties repeat rows far more often than rows of this table coincide.

    Pairs of equal inputs and target within a party are more than `FAR` times as frequent as each of

    - pairs of equal inputs in two parties, whatever their targets, `UNSEEN` of them added;
    - such pairs within most other parties (the lower median): what all do is no copying;
    - pairs of equal inputs and another target within the party, which are no copies either.

    Args:
        alike: a number for each row, the same where inputs are.
        targets: of the rows.
        owners: party of each row, from 0; every party has a row.

    >>> alike, owners = np.array([0, 1, 0, 1, 0, 1, 2, 3, 4, 5]), np.repeat([0, 1], [6, 4])
    >>> copying_parties(alike, np.zeros(10), np.repeat([0, 1], [6, 4])).tolist()
    [False, False]
    >>> many = np.append(alike, np.arange(6, 60))
    >>> copying_parties(many, np.zeros(64), np.repeat([0, 1], [6, 58])).tolist()
    [True, False]
    """
    sizes = np.bincount(owners)
    own = _pairs(sizes)
    recurring = _equal_pairs(owners, alike, targets)
    same_inputs = _equal_pairs(owners, alike)
    apart = _pairs(np.array([len(owners)]))[0] - own.sum()
    across = _pairs(np.bincount(alike)).sum() - same_inputs.sum()
    rate = (across + UNSEEN) / apart if apart else np.inf
    rates = np.maximum(rate, _usual_elsewhere(recurring, own))
    return recurring > FAR * np.maximum(rates * own, same_inputs - recurring)


def _usual_elsewhere(
    recurring: Float[np.ndarray, " p"], own: Float[np.ndarray, " p"]
) -> Float[np.ndarray, " p"]:
    """Lower median over the other parties, of two rows or more, of the share of recurring pairs."""
    rates = np.divide(recurring, own, out=np.full(len(own), np.nan), where=own > 0)
    usual = np.zeros(len(own))
    for party in range(len(own)):
        others = np.delete(rates, party)
        others = np.sort(others[~np.isnan(others)])
        if len(others):
            usual[party] = others[(len(others) - 1) // 2]
    return usual


def _pairs(counts: Int[np.ndarray, " k"]) -> Float[np.ndarray, " k"]:
    return counts * (counts - 1.0) / 2


def _equal_pairs(owners: Int[np.ndarray, " n"], *numbers: np.ndarray) -> Float[np.ndarray, " p"]:
    """Pairs of rows of each party that have all numbers in common."""
    cells, counts = np.unique(np.stack([owners, *numbers]), axis=1, return_counts=True)
    return np.bincount(cells[0].astype(np.int64), weights=_pairs(counts))


def _first_alike(*numbers: np.ndarray) -> Int[np.ndarray, " n"]:
    """Of each row the first that has all numbers in common with it."""
    _, first, place = np.unique(np.stack(numbers), axis=1, return_index=True, return_inverse=True)
    return first[place.reshape(-1)]


def _each_once(validation: Validation) -> Validation:
    """Validation rows, the first of those with equal inputs and target."""
    targets = np.zeros(len(validation)) if validation.targets is None else validation.targets
    first = _first_alike(identical_rows(validation.inputs), targets)
    return validation.take(np.unique(first))


def _note(parties: Parties, left_out: Int[np.ndarray, " p"]) -> str:
    """How many rows of which parties are left out, the most first.

    >>> _note(Parties(np.repeat([0, 1], [9, 4]), ("a", "b")), np.array([6, 0]))
    'rows that repeat another of their party (equal inputs and target) count once: 6 of 9 of a are \
left out; copies=each counts them all'
    """
    order = np.argsort(-left_out, kind="stable")[: np.count_nonzero(left_out)]
    shown = [f"{left_out[k]:,} of {parties.sizes[k]:,} of {parties.names[k]}" for k in order[:MOST]]
    if len(order) > MOST:
        shown.append(f"{left_out[order[MOST:]].sum():,} of {len(order) - MOST:,} more parties")
    return (
        f"rows that repeat another of their party (equal inputs and target) count once: "
        f"{', '.join(shown)} are left out; copies=each counts them all"
    )
