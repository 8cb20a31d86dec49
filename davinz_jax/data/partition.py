"""Ways to share a data set out among parties.

Each returns the data set restricted to the rows in use, in their original order, and who holds
which row. All take a key, those that draw nothing too, so that one can stand for another.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
from jaxtyping import Int, ScalarLike

from davinz_jax.choices import check_choice
from davinz_jax.data.dataset import Dataset, Parties
from davinz_jax.data.randomness import numpy_generator, require_generator
from davinz_jax.data.scalars import number
from davinz_jax.types import PRNGKey

DEFAULT_PARTIES = 10
"""Parties that a regression's rows are dealt to where nothing else is said."""


def partition_by_class(
    dataset: Dataset,
    *,
    sizes: Sequence[int] | None = None,
    select: Literal["first", "random"] = "first",
    key: PRNGKey | None = None,
) -> tuple[Dataset, Parties]:
    """One party a class, named after it.

    Args:
        dataset: classification data.
        sizes: rows of each class, one number a class; None for all rows of every class that has
            any. The paper's comparison uses 1000 five times, 1050, 1100, 1150, 1200, 1250.
        select: the first rows of each class, or a random draw.
        key: needed for select=random only.

    Raises:
        ValueError: for regression data, a size for each class that is not there, or a class with
            fewer rows than its size.
    """
    if dataset.task != "classification":
        raise ValueError("parties: wanted classes to part by, got regression data; choose random")
    check_choice("select", select, ("first", "random"))
    wanted = _class_sizes(dataset, sizes)
    members = [np.flatnonzero(dataset.targets == label) for label in wanted]
    if select == "random":
        generator = require_generator(key, "a random choice of rows")
        members = [generator.permutation(rows) for rows in members]
    for (label, size), rows in zip(wanted.items(), members, strict=True):
        _check_enough(f"rows of class {label}", size, len(rows))
    rows = [of[:size] for of, size in zip(members, wanted.values(), strict=True)]
    names = tuple(_class_name(dataset, label) for label in wanted)
    return _share_out(dataset, rows, names)


def partition_random(dataset: Dataset, *, num: int, key: PRNGKey) -> tuple[Dataset, Parties]:
    """All rows dealt at random to `num` parties of equal size, give or take one row.

    Raises:
        ValueError: if there are fewer than two parties or fewer rows than parties.
    """
    _check_several(num)
    _check_enough("rows, one a party at least,", num, len(dataset))
    order = numpy_generator(key).permutation(len(dataset))
    return _share_out(dataset, np.array_split(order, num), _party_names(num))


def partition_by_sizes(
    dataset: Dataset, *, sizes: Sequence[int], key: PRNGKey
) -> tuple[Dataset, Parties]:
    """Parties of the sizes given, their rows drawn at random without replacement.

    The paper's Ising parties have 12, 25, 50, 100, 200, 400, 800, 1600, 3200 and 6400 rows.

    Raises:
        ValueError: if there are fewer than two parties, a size below 1, or too few rows.
    """
    _check_several(len(sizes))
    _check_sizes(sizes)
    _check_enough("rows", sum(sizes), len(dataset))
    order = numpy_generator(key).permutation(len(dataset))[: sum(sizes)]
    return _share_out(dataset, np.split(order, np.cumsum(sizes)[:-1]), _party_names(len(sizes)))


def partition_by_column(dataset: Dataset, *, key: PRNGKey | None = None) -> tuple[Dataset, Parties]:
    """The parties that came with the data; needs no key.

    Raises:
        ValueError: if none did, or only one.
    """
    if dataset.parties is None:
        raise ValueError(
            f"parties: wanted parties that came with the data, got none in {dataset.name}; "
            "name its party column, or share it out another way (random, class, sizes)"
        )
    _check_several(len(dataset.parties))
    return dataset, dataset.parties


def partition_auto(dataset: Dataset, *, key: PRNGKey) -> tuple[Dataset, Parties]:
    """The parties that came with the data; else one a class, or ten at random for regression."""
    if dataset.parties is not None:
        return partition_by_column(dataset)
    if dataset.task == "classification":
        return partition_by_class(dataset)
    return partition_random(dataset, num=DEFAULT_PARTIES, key=key)


def partition_own(dataset: Dataset, *, key: PRNGKey | None = None) -> tuple[Dataset, Parties]:
    """The data's own parties; where it has none, one party of all rows. Needs no key."""
    if dataset.parties is not None:
        return dataset, dataset.parties
    parties = Parties(np.zeros(len(dataset), np.int64), ("all",))
    return replace(dataset, parties=parties), parties


def partition_rows(dataset: Dataset, *, key: PRNGKey | None = None) -> tuple[Dataset, Parties]:
    """Each row a party of its own; `Parties.rows` numbers them. Needs no key.

    A row is named as its source names it (`ids`); else by its line there, line_2, line_3 and so on;
    else, and where rows occur twice, by its place among the rows, row_0, row_1 and so on.

    Raises:
        ValueError: if there are fewer than two rows.
    """
    _check_several(len(dataset))
    return dataset, Parties(np.arange(len(dataset)), _row_names(dataset))


def _row_names(dataset: Dataset) -> tuple[str, ...]:
    lines = dataset.lines
    if dataset.ids is not None and len(np.unique(dataset.ids)) == len(dataset):
        return tuple(map(str, dataset.ids))
    if lines is not None and len(np.unique(lines)) == len(dataset):
        return tuple(f"line_{line}" for line in lines)
    return tuple(f"row_{row}" for row in range(len(dataset)))


def partition_mixture(
    dataset: Dataset,
    second: Dataset,
    *,
    shares: Sequence[ScalarLike],
    size: int,
    validation_of: Literal["first", "second"] = "second",
    key: PRNGKey,
) -> tuple[Dataset, Parties]:
    """Parties that mix two domains in different shares.

    Args:
        dataset: the first domain.
        second: the second domain, with inputs of the same shape and the same task.
        shares: share of the second domain in each party, in [0, 1]; the paper's ten parties have
            0.1, 0.2, ..., 1.0.
        size: rows of each party; round(share · size) of them of the second domain.
        validation_of: domain whose validation set the parties are judged on.
        key: draws each domain's rows without replacement.

    Returns:
        Rows of the first domain, then those of the second, and the parties.

    Raises:
        ValueError: if the domains do not fit each other, a share is outside [0, 1], there are
            fewer than two parties, or a domain has too few rows.
    """
    check_choice("validation_of", validation_of, ("first", "second"))
    _check_several(len(shares))
    _check_mixture(dataset, second, shares, size)
    from_second = np.array([round(number(share) * size) for share in shares])
    from_first = size - from_second
    parts, owners = [], []
    for domain, counts, generator in zip(
        (dataset, second), (from_first, from_second), _two_generators(key), strict=True
    ):
        _check_enough(f"rows of {domain.name}", int(counts.sum()), len(domain))
        rows = generator.permutation(len(domain))[: counts.sum()]
        order = np.argsort(rows)
        parts.append(domain.take(rows[order]))
        owners.append(np.repeat(np.arange(len(counts)), counts)[order])
    mixed = _concatenate(parts[0], parts[1], second if validation_of == "second" else dataset)
    return mixed, Parties(np.concatenate(owners), _party_names(len(shares)))


def _concatenate(first: Dataset, second: Dataset, served: Dataset) -> Dataset:
    """Rows of both, with the validation set of the one that is served."""
    return replace(
        served,
        inputs=np.concatenate([first.inputs, second.inputs]),
        targets=np.concatenate([first.targets, second.targets]),
        name=f"{first.name}+{second.name}",
        parties=None,
        lines=None,
        ids=None,
        notes=tuple(dict.fromkeys(first.notes + second.notes)),
    )


def _share_out(
    dataset: Dataset, rows: Sequence[Int[np.ndarray, " _"]], names: tuple[str, ...]
) -> tuple[Dataset, Parties]:
    """The rows in use in their original order, and their parties."""
    _check_several(len(names))
    used = np.concatenate(list(rows))
    owners = np.repeat(np.arange(len(rows)), [len(part) for part in rows])
    order = np.argsort(used)
    parties = Parties(owners[order], names)
    if len(used) == len(dataset):
        return replace(dataset, parties=parties), parties
    return replace(dataset.take(used[order]), parties=parties), parties


def _class_sizes(dataset: Dataset, sizes: Sequence[int] | None) -> dict[int, int]:
    """Rows wanted of each class."""
    if sizes is None:
        classes, counts = np.unique(dataset.targets, return_counts=True)
        return {int(k): int(count) for k, count in zip(classes, counts, strict=True)}
    if len(sizes) != dataset.num_classes:
        raise ValueError(
            f"sizes: wanted one for each of {dataset.num_classes} classes, got {len(sizes)}; "
            "give one number a class"
        )
    _check_sizes(sizes)
    return {k: int(size) for k, size in enumerate(sizes)}


def _class_name(dataset: Dataset, label: int) -> str:
    return f"class_{dataset.class_names[label] if dataset.class_names else label}"


def _party_names(num: int) -> tuple[str, ...]:
    return tuple(f"party_{party}" for party in range(num))


def _two_generators(key: PRNGKey) -> tuple[np.random.Generator, np.random.Generator]:
    """One generator a domain, so that the draw from one leaves the other's unchanged."""
    first, second = numpy_generator(key).spawn(2)
    return first, second


def _check_several(num: int) -> None:
    if num < 2:
        raise ValueError(
            f"parties: wanted at least two, got {num}; a value compares parties, so share the data "
            "out among more"
        )


def _check_sizes(sizes: Sequence[int]) -> None:
    small = [index for index, size in enumerate(sizes) if size < 1]
    if small:
        raise ValueError(
            f"sizes: wanted at least one row for each party, got {sizes[small[0]]} for party "
            f"{small[0]}; drop it or give it rows"
        )


def _check_enough(what: str, wanted: int, got: int) -> None:
    if got < wanted:
        raise ValueError(
            f"sizes: wanted {wanted} {what} in all, got {got}; choose smaller or fewer parties, "
            "or load more data"
        )


def _check_mixture(
    first: Dataset, second: Dataset, shares: Sequence[ScalarLike], size: int
) -> None:
    for argument, got, wanted in (
        ("inputs", second.inputs.shape[1:], first.inputs.shape[1:]),
        ("task", second.task, first.task),
        ("num_classes", second.num_classes, first.num_classes),
    ):
        if got != wanted:
            raise ValueError(
                f"second: wanted {argument} {wanted} as in the first domain, got {got}; "
                "prepare both domains in the same way"
            )
    if not all(0 <= number(share) <= 1 for share in shares):
        raise ValueError(f"shares: wanted numbers in [0, 1], got {list(shares)}; mend them")
    if size < 1:
        raise ValueError(f"size: wanted at least one row a party, got {size}; give more")
