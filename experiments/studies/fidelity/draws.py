"""A draw: rows of a data set parted by what they serve, and sets of one size made from some.

Base rows make the sets, validation rows serve the scores, stopping rows end the training, and test
rows give the truth; none serves two ends. Every part has equal class counts.
"""

import os
import zlib
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import jax
import numpy as np
import pandas as pd
from jaxtyping import Bool, Float, Int

from davinz_jax.data import (
    blend_with_photographs,
    hold_out,
    load_cifar10,
    load_digits,
    load_mnist,
    load_table,
    numpy_generator,
)
from davinz_jax.data.sources.mnist_m import load_photographs
from davinz_jax.types import PRNGKey
from experiments.studies.fidelity import recipes
from experiments.studies.fidelity.learning import Part
from experiments.studies.fidelity.recipes import Inputs, Labels, Recipe, Scale
from experiments.studies.fidelity.specs import TABLES, Spec


@dataclass(frozen=True)
class RowSet:
    """One set to be scored.

    Attributes:
        name: number and kind; one of a kind in its draw.
        recipe: how it was made.
        steps: what was done; more than the recipe for a mixture.
        inputs: (n, ...) rows after all changes.
        targets: (n,) classes after all swaps.
        rows: (n,) base row that each came from.
        is_changed: whether inputs differ from the base row's.
    """

    name: str
    recipe: Recipe
    steps: tuple[Recipe, ...]
    inputs: Inputs
    targets: Labels
    rows: Int[np.ndarray, " n"]
    is_changed: Bool[np.ndarray, " n"]


@dataclass(frozen=True)
class Draw:
    """The parts of a draw and its sets."""

    spec: Spec
    num_classes: int
    base: Part
    validation: Part
    stopping: Part
    test: Part
    sets: tuple[RowSet, ...]


def make_draw(spec: Spec, *, root: Path | None = None) -> Draw:
    """Read a draw's data and make its sets; the same spec gives the same draw.

    Args:
        spec: what to draw.
        root: folder of local data; digits and breast cancer need none.
    """
    key = jax.random.fold_in(jax.random.key(spec.key), zlib.crc32(spec.name.encode()))
    part_key, set_key = jax.random.split(key)
    pool, held = read_rows(spec.data, half=spec.half, root=root)
    num_classes = int(pool.targets.max()) + 1
    counts = (spec.base, spec.validation, spec.stopping, spec.test if held is None else 0)
    base, validation, stopping, test = balanced_parts(pool, counts, part_key)
    if held is not None:
        (test,) = balanced_parts(held, (spec.test,), part_key)
    base, validation, stopping, test = standardise(base, validation, stopping, test)
    scale = _scale(spec, base.inputs, root)
    sets = _make_sets(spec, base, num_classes, scale, set_key)
    return Draw(spec, num_classes, base, validation, stopping, test, sets)


def read_rows(
    name: str, *, half: int | None = None, root: Path | None = None
) -> tuple[Part, Part | None]:
    """Rows of a data set, and its own test rows where it has them.

    Args:
        name: of the data set.
        half: 0 for the even rows, 1 for the odd ones, None for all.
        root: as in `make_draw`.
    """
    pool, held = _source(name, root)
    if half is None:
        return pool, held
    halved = [p if p is None else p.take(np.arange(half, len(p), 2)) for p in (pool, held)]
    assert halved[0] is not None
    return halved[0], halved[1]


def _source(name: str, root: Path | None) -> tuple[Part, Part | None]:
    if name == "breast_cancer":
        from sklearn.datasets import load_breast_cancer

        inputs, targets = load_breast_cancer(return_X_y=True)
        return Part(np.asarray(inputs, np.float32), np.asarray(targets, np.int64)), None
    if name in TABLES:
        return _read_table(name, root), None
    load = {
        "mnist": partial(load_mnist, root=root),
        "cifar10": partial(load_cifar10, root=root),
        "digits": partial(load_digits, holdout=0.001),
    }[name]
    dataset = load()
    pool, own = Part(dataset.inputs, dataset.targets), dataset.validation
    assert own.targets is not None
    return pool, None if name == "digits" else Part(own.inputs, own.targets)


def _read_table(name: str, root: Path | None) -> Part:
    """All rows of a table but a hundredth, drawn without regard to copies, as it always was here.

    Another draw would give other sets and games than those that the kept results are of.
    """
    frame = pd.read_csv(data_folder(root) / "tables" / f"{name}.csv.gz")
    hold_key, *_ = jax.random.split(jax.random.key(0), 3)
    rows, _, _ = hold_out(len(frame), fraction=0.01, key=hold_key)
    table = load_table(frame.iloc[rows], target="label", holdout="none")
    return Part(table.inputs, table.targets)


def data_folder(root: str | Path | None) -> Path:
    """Where tables lie, which are not downloaded."""
    named = root or os.environ.get("DAVINZ_DATA")
    if not named:
        raise ValueError(
            "root: wanted a folder with tables/NAME.csv.gz, got none; name one, or set DAVINZ_DATA"
        )
    return Path(named)


def balanced_parts(pool: Part, counts: tuple[int, ...], key: PRNGKey) -> list[Part]:
    """Disjoint random parts with so many rows a class; the last takes fewer if fewer are left."""
    generator = numpy_generator(key)
    order = generator.permutation(len(pool))
    by_class = [order[pool.targets[order] == c] for c in range(int(pool.targets.max()) + 1)]
    least = min(map(len, by_class))
    ends = np.minimum(np.cumsum(counts), least)
    starts = [0, *ends[:-1]]
    return [
        pool.take(np.concatenate([rows[start:end] for rows in by_class]))
        for start, end in zip(starts, ends, strict=True)
    ]


def standardise(base: Part, *others: Part) -> list[Part]:
    """Columns of a table by the base rows' mean and deviation; images as they are."""
    if base.inputs.ndim > 2:
        return [base, *others]
    mean, deviation = base.inputs.mean(0), base.inputs.std(0)
    usable = np.where(deviation > 0, deviation, 1)
    return [
        Part(np.clip((p.inputs - mean) / usable, -10, 10).astype(np.float32), p.targets)
        for p in (base, *others)
    ]


def _scale(spec: Spec, inputs: Inputs, root: Path | None) -> Scale:
    low, high = float(inputs.min()), float(inputs.max())
    return Scale(float(inputs.std()), low, high, _domain(spec.data, root))


def _domain(data: str, root: Path | None):
    """The other domain of a data set: MNIST-M's, in grey, or CIFAR-10 without colour."""
    if data == "mnist":
        photographs = load_photographs(root=root)

        def blend(inputs: Float[np.ndarray, "n h w 1"], key: PRNGKey) -> Inputs:
            blended = blend_with_photographs(np.repeat(inputs, 3, -1), photographs, key=key)
            return blended.mean(-1, keepdims=True).astype(inputs.dtype)

        return blend
    if data == "cifar10":
        return lambda inputs, _: np.repeat(inputs.mean(-1, keepdims=True), 3, -1)
    return None


def _make_sets(
    spec: Spec, base: Part, num_classes: int, scale: Scale, key: PRNGKey
) -> tuple[RowSet, ...]:
    choice_key, *keys = jax.random.split(key, spec.num_sets + 1)
    every = recipes.recipes_for(base.inputs, num_classes, scale)
    if spec.num_sets > len(every):
        raise ValueError(
            f"num_sets: wanted at most {len(every)} for {spec.data}, got {spec.num_sets}; "
            "take fewer"
        )
    order = np.asarray(jax.random.permutation(choice_key, len(every)))[: spec.num_sets]
    return tuple(
        _make_set(number, every[index], every, spec, base, scale, one)
        for number, (index, one) in enumerate(zip(np.sort(order), keys, strict=True))
    )


def _make_set(
    number: int,
    recipe: Recipe,
    every: list[Recipe],
    spec: Spec,
    base: Part,
    scale: Scale,
    key: PRNGKey,
) -> RowSet:
    """Balanced rows of the base, then each step of the recipe."""
    row_key, step_key, *keys = jax.random.split(key, 6)
    rows = _balanced_rows(base.targets, spec.num_rows, row_key)
    inputs, targets = base.inputs[rows], base.targets[rows]
    steps = recipes.steps_of(recipe, every, step_key)
    for step, one in zip(steps, keys, strict=False):
        if step.kind in recipes.SWAPS:
            targets = recipes.swap(targets, step, one)
        elif step.kind == "duplicates":
            source = recipes.repeat_rows(targets, step, one)
            rows, inputs, targets = rows[source], inputs[source], targets[source]
        elif step.kind in recipes.CHANGES:
            inputs = recipes.change(inputs, step, scale, one)
    apart = np.abs(inputs - base.inputs[rows]).reshape(len(rows), -1).max(1) > 0
    return RowSet(f"{number:02d} {recipe.kind}", recipe, steps, inputs, targets, rows, apart)


def _balanced_rows(targets: Labels, num_rows: int, key: PRNGKey) -> Int[np.ndarray, " n"]:
    generator = numpy_generator(key)
    classes = np.unique(targets)
    each, rest = divmod(num_rows, len(classes))
    if rest:
        raise ValueError(
            f"num_rows: wanted a multiple of {len(classes)} classes, got {num_rows}; mend it"
        )
    return np.concatenate(
        [generator.choice(np.flatnonzero(targets == c), each, replace=False) for c in classes]
    )
