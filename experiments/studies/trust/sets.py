"""Sets of one size: rows of coalitions of parties, and random rows with known damage.

Rows are parted by what they serve: base rows make the sets, scoring rows stand for the validation
set, stopping rows end trainings, and test rows give the truth; identical rows serve one end. What
a set is follows from its number and the key alone, and kinds take turns, so that the sets made
before a budget ends are a sample of all.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import jax
import numpy as np
from jaxtyping import Int, Num

from davinz_jax import Dataset, Parties
from davinz_jax.data import Validation, add_noise, duplicate_rows, flip_labels, numpy_generator
from davinz_jax.data.folds import draw_folds
from davinz_jax.data.holdout import identical_rows
from davinz_jax.types import PRNGKey
from experiments.report.page.common import join_names
from experiments.runtime.errors import InputError
from experiments.studies.fidelity.learning import Part

MOST_SCORING, MOST_TEST, MOST_STOPPING = 500, 2000, 200
USUAL_ROWS = 150
"""Rows of a set, or half the base rows."""

LEAST_ROWS, LEAST_JUDGES = 20, 20
"""Base rows, and rows of each of scoring and test set, below which nothing can be told."""

SHARES = {"base": 10, "stopping": 2, "scoring": 4, "test": 4}
"""Twentieths of the rows, where they are their own validation set."""

STRATA = 5
"""Parts of equal counts that numbers are cut into, where classes would be asked for."""

MOST_NOISE = 3.0  # deviations of the inputs
LEAST_DISTINCT = 0.04  # share of the rows


@dataclass(frozen=True)
class Parts:
    """Rows by what they serve.

    Attributes:
        base: rows that make sets, with the scoring rows as validation set; notes and names are
            those of the data.
        parties: whose each base row is; None where parties are not drawn.
        stopping: rows that end trainings.
        test: rows that give the truth.
    """

    base: Dataset
    parties: Parties | None
    stopping: Part
    test: Part

    @property
    def sizes(self) -> dict[str, int]:
        """Rows of each part."""
        held = {"scoring": len(self.base.validation), "stopping": len(self.stopping)}
        return {"base": len(self.base), **held, "test": len(self.test)}

    def cut(self, sizes: Mapping[str, int]) -> "Parts":
        """The same with no more rows that judge than given, so that programs fit all partings."""
        held = self.base.validation
        assert held.targets is not None
        most = slice(sizes["scoring"])
        base = replace(self.base, validation=Validation(held.inputs[most], held.targets[most]))
        stopping, test = (
            part.take(np.arange(min(len(part), sizes[name])))
            for name, part in (("stopping", self.stopping), ("test", self.test))
        )
        return Parts(base, self.parties, stopping, test)


@dataclass(frozen=True)
class DrawnSet:
    """One set.

    Attributes:
        number: its own.
        kind: parties, or the damage.
        made: how, in words.
        dataset: its rows, judged by the scoring rows.
        num_distinct: base rows that it holds.
    """

    number: int
    kind: str
    made: str
    dataset: Dataset
    num_distinct: int

    @property
    def name(self) -> str:
        """Its number and kind."""
        return f"{self.number:03d} {self.kind}"


def part_rows(dataset: Dataset, parties: Parties | None, *, key: PRNGKey) -> Parts:
    """Part rows, and those of the validation set, by what they serve.

    Args:
        dataset: all rows; in folds, they are their own validation set.
        parties: whose each row is.
        key: draws the parts.

    Raises:
        InputError: for a validation set without targets, or too few rows.
    """
    if dataset.validation.targets is None:
        raise InputError(
            "data: wanted labels of the validation rows, got none; nothing can be said of trained "
            "networks without: give data.validation_path with labels, or hold rows out"
        )
    first, second = jax.random.split(key)
    every = Part(dataset.inputs, dataset.targets)
    if dataset.folds is not None:
        base, stopping, scoring, test = _deal(every, tuple(SHARES.values()), dataset.task, first)
        judges = every
    else:
        base, stopping = _deal(every, (17, 3), dataset.task, first)
        judges = Part(dataset.validation.inputs, dataset.validation.targets)
        scoring, test = _deal(judges, (1, 1), dataset.task, second)
    scoring, test = scoring[:MOST_SCORING], test[:MOST_TEST]
    _check_sizes(len(base), len(scoring), len(test))
    held = judges.take(scoring)
    unfolded = replace(dataset, folds=None, validation=Validation(held.inputs, held.targets))
    own = (
        None
        if parties is None
        else Parties.from_names(np.array(parties.names)[parties.indices[base]])
    )
    kept = replace(unfolded, parties=None).take(base)
    _check_classes(kept)
    return Parts(kept, own, every.take(stopping[:MOST_STOPPING]), judges.take(test))


def _deal(
    rows: Part, shares: tuple[int, ...], task: str, key: PRNGKey
) -> list[Int[np.ndarray, " r"]]:
    """Row numbers of parts of such shares, classes dealt evenly, identical rows together."""
    groups = identical_rows(rows.inputs)
    num_folds = sum(shares)
    if len(np.unique(groups)) < num_folds:
        raise InputError(
            f"data: wanted at least {num_folds} rows that differ to part by what they serve, got "
            f"{len(np.unique(groups))}; give more rows"
        )
    fold = draw_folds(groups, strata(rows.targets, task), num_folds, key=key)
    order = numpy_generator(jax.random.fold_in(key, 1)).permutation(len(rows))
    ends = np.cumsum(shares)
    return [
        order[(fold[order] >= end - n) & (fold[order] < end)]
        for n, end in zip(shares, ends, strict=True)
    ]


def strata(targets: Num[np.ndarray, " n"], task: str) -> Int[np.ndarray, " n"]:
    """Classes, or for numbers the fifth that each is in."""
    if task == "classification":
        return targets.astype(np.int64)
    ranks = np.argsort(np.argsort(targets, kind="stable"), kind="stable")
    return ranks * STRATA // max(len(targets), 1)


def _check_sizes(base: int, scoring: int, test: int) -> None:
    if base < LEAST_ROWS or min(scoring, test) < LEAST_JUDGES:
        raise InputError(
            f"data: wanted at least {LEAST_ROWS} rows to make sets of and {LEAST_JUDGES} each to "
            f"score and to test by, got {base}, {scoring} and {test}; so few tell nothing: give "
            "more rows, or a larger validation set"
        )


def _check_classes(base: Dataset) -> None:
    if base.task == "classification" and len(np.unique(base.targets)) < 2:
        raise InputError(
            "data: wanted rows of two classes or more, got one; there is nothing to predict"
        )
    if base.task == "regression" and np.ptp(base.targets) == 0:
        raise InputError("data: wanted targets that differ, got one number; nothing to predict")


def choose_num_rows(wanted: int | None, parts: Parts) -> int:
    """Rows of a set.

    Raises:
        InputError: for fewer than 5, or more than the base rows.
    """
    num_base = len(parts.base)
    if wanted is None:
        return min(USUAL_ROWS, num_base // 2)
    if not 5 <= wanted <= num_base:
        raise InputError(
            f"num_rows: wanted 5 to {num_base} rows of a set, all that sets are made of, got "
            f"{wanted}; leave it out for {min(USUAL_ROWS, num_base // 2)}"
        )
    return wanted


def make_set(parts: Parts, number: int, num_rows: int, *, key: PRNGKey) -> DrawnSet:
    """The set of a number; the same key and rows give the same set.

    Sets of parties and of damaged random rows take turns, and so do the damages.
    """
    own = jax.random.fold_in(key, number)
    kinds, has_parties = list(DAMAGES), parts.parties is not None and len(parts.parties) > 1
    if has_parties and number % 2:
        return _of_parties(parts, number, num_rows, own)
    at = number // 2 if has_parties else number
    return _damaged(parts, number, kinds[at % len(kinds)], num_rows, own)


def _of_parties(parts: Parts, number: int, num_rows: int, key: PRNGKey) -> DrawnSet:
    """Rows of a random coalition of parties, more of them where it has too few."""
    assert parts.parties is not None
    generator = numpy_generator(key)
    order = generator.permutation(len(parts.parties))
    enough = int(np.argmax(np.cumsum(parts.parties.sizes[order]) >= num_rows)) + 1
    size = int(generator.integers(enough, len(order), endpoint=True))
    pool = np.flatnonzero(np.isin(parts.parties.indices, order[:size]))
    rows = generator.choice(pool, num_rows, replace=False)
    names = join_names([parts.parties.names[k] for k in sorted(order[:size])])
    return DrawnSet(number, "parties", f"rows of {names}", parts.base.take(rows), num_rows)


Damage = Callable[[Dataset, Parts, PRNGKey], tuple[Dataset, str]]
"""Makes rows worse by a strength that the key draws; says how."""


def _damaged(parts: Parts, number: int, kind: str, num_rows: int, key: PRNGKey) -> DrawnSet:
    row_key, damage_key = jax.random.split(key)
    generator = numpy_generator(row_key)
    rows = generator.choice(len(parts.base), num_rows, replace=False)
    dataset, made = parts.base.take(rows), "random rows"
    if kind == "imbalance":
        rows = _imbalanced(parts, num_rows, generator)
        dataset, made = parts.base.take(rows), "classes in other shares"
    else:
        dataset, made = DAMAGES[kind](dataset, parts, damage_key)
    distinct = len(np.unique(rows))
    if "copies" in made:
        distinct = len(np.unique(identical_rows(dataset.inputs)))
    return DrawnSet(number, kind, made, dataset, distinct)


def _imbalanced(
    parts: Parts, num_rows: int, generator: np.random.Generator
) -> Int[np.ndarray, " n"]:
    """Rows drawn with chances by class that differ up to a thousandfold."""
    classes = strata(parts.base.targets, parts.base.task)
    chances = np.exp(-generator.uniform(0, 7, classes.max() + 1))[classes]
    return generator.choice(len(classes), num_rows, replace=False, p=chances / chances.sum())


def _clean(dataset: Dataset, parts: Parts, key: PRNGKey) -> tuple[Dataset, str]:
    return dataset, "random rows"


def _wrong_labels(dataset: Dataset, parts: Parts, key: PRNGKey) -> tuple[Dataset, str]:
    strength, own = jax.random.split(key)
    share = float(jax.random.uniform(strength, maxval=0.5))
    if dataset.task == "classification":
        return flip_labels(dataset, fraction=share, key=own)[0], f"{share:.0%} wrong labels"
    generator = numpy_generator(own)
    rows = generator.choice(len(dataset), round(share * len(dataset)), replace=False)
    targets = dataset.targets.copy()
    targets[rows] = generator.permutation(parts.base.targets)[: len(rows)]
    return replace(dataset, targets=targets), f"{share:.0%} targets of other rows"


def _noisy(dataset: Dataset, parts: Parts, key: PRNGKey) -> tuple[Dataset, str]:
    strength, own = jax.random.split(key)
    scale = float(jax.random.uniform(strength, maxval=MOST_NOISE))
    deviation = float(parts.base.inputs.std())
    made = f"noise of {scale:.1f} deviations"
    return add_noise(dataset, scale=scale * deviation, key=own)[0], made


def _copied(dataset: Dataset, parts: Parts, key: PRNGKey) -> tuple[Dataset, str]:
    strength, own = jax.random.split(key)
    share = float(LEAST_DISTINCT ** jax.random.uniform(strength))
    made = f"{1 - share:.0%} copies"
    return duplicate_rows(dataset, fraction=min(1 - share, 1 - 2 / len(dataset)), key=own)[0], made


def _several(
    damages: tuple[Damage, ...], dataset: Dataset, parts: Parts, key: PRNGKey
) -> tuple[Dataset, str]:
    texts = []
    for damage, own in zip(damages, jax.random.split(key, len(damages)), strict=True):
        dataset, text = damage(dataset, parts, own)
        texts.append(text)
    return dataset, ", ".join(texts)


CLEAN = "clean"
"""Kind of sets of random rows as they are."""

DAMAGES: Mapping[str, Damage] = {
    CLEAN: _clean,
    "wrong labels": _wrong_labels,
    "noise": _noisy,
    "copies": _copied,
    "imbalance": _clean,
    "mixture": partial(_several, (_wrong_labels, _noisy)),
}
"""Kinds in the order in which they take turns; rows of `imbalance` are drawn by class."""
