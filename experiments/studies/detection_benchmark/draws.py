"""A draw: rows to be judged and validation rows, some made wrong, and clean test rows.

Sizes and noise are OpenDataVal's. A chosen class is shifted by 1..C-1, modulo C; a chosen number
takes that of another chosen row; a chosen row's inputs gain N(0, 1), of columns standardised over
the whole data set. In mixtures half of the chosen rows have the one, half the other.
"""

import zlib
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import jax
import numpy as np
import pandas as pd
from jaxtyping import Bool, Float, Int, Num

from davinz_jax.data import (
    Dataset,
    Validation,
    load_cifar10,
    load_mnist,
    load_table,
    numpy_generator,
)
from davinz_jax.types import PRNGKey
from experiments.studies.detection_benchmark.specs import (
    IMAGES,
    NUMBERS,
    PLENTY,
    TEST,
    TRAIN,
    TRAIN_SHARE,
    VALIDATION,
    Noise,
    Piece,
)
from experiments.studies.fidelity.draws import data_folder

NUM_GENERATED = 40_768
"""Rows that a generated set is standardised over, as many as the published 2dplanes and fried."""

NUM_COMPONENTS = 32
"""Principal components of an image that methods see which refit a model."""


Columns = tuple[np.ndarray, np.ndarray]
"""Inputs (n, d) and targets (n,) as they are read."""


@dataclass(frozen=True)
class Pool:
    """A whole data set: inputs (n, ...), standardised, and targets (n,)."""

    inputs: Float[np.ndarray, "n ..."]
    targets: Num[np.ndarray, " n"]


@dataclass(frozen=True)
class Draw:
    """What methods are given, and which rows are wrong.

    Attributes:
        data: name of the data set.
        dataset: rows to be judged, and validation rows.
        is_wrong: (n,) whether a row was made wrong.
        test_inputs: (t, ...) clean rows.
        test_targets: (t,) theirs.
        key: draws what methods draw.
    """

    data: str
    dataset: Dataset
    is_wrong: Bool[np.ndarray, " n"]
    test_inputs: Float[np.ndarray, "t ..."]
    test_targets: Num[np.ndarray, " t"]
    key: PRNGKey

    @cached_property
    def columns(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Rows, validation rows and test rows for models that are refitted: images as components.

        Components are those of the rows to be judged, scaled alike by the first one's deviation.
        """
        parts = [self.dataset.inputs, self.dataset.validation.inputs, self.test_inputs]
        flat = [part.reshape(len(part), -1) for part in parts]
        if self.dataset.inputs.ndim == 2:
            return flat[0], flat[1], flat[2]
        from sklearn.decomposition import PCA

        number = min(NUM_COMPONENTS, *flat[0].shape)
        found = PCA(number, random_state=0).fit(flat[0])
        scale = np.sqrt(found.explained_variance_[0])
        rows, validation, test = (found.transform(part) / scale for part in flat)
        return rows, validation, test


def make_draws(piece: Piece, *, root: Path | None = None) -> dict[tuple[Noise, float], Draw]:
    """Every kind of noise and rate on one draw of rows; the same piece gives the same draws.

    Args:
        piece: what to draw.
        root: folder of local data; generated sets, digits and diabetes need none.
    """
    key = jax.random.fold_in(jax.random.key(piece.seed), zlib.crc32(piece.data.encode()))
    pool = read_pool(piece.data, root)
    sizes = [max(size // piece.shrink, 8) for size in part_sizes(len(pool.targets))]
    order = numpy_generator(key).permutation(len(pool.targets))
    rows, validation, test = np.split(order[: sum(sizes)], np.cumsum(sizes)[:-1])
    made = {}
    for noise in piece.noises:
        for rate in piece.rates:
            own = jax.random.fold_in(key, zlib.crc32(f"{noise} {rate}".encode()))
            first, second, last = jax.random.split(own, 3)
            spoilt, is_wrong = spoil(pool, rows, noise, rate, first)
            others, _ = spoil(pool, validation, noise, rate, second)
            dataset = Dataset(
                spoilt.inputs,
                spoilt.targets,
                piece.task,
                _num_outputs(piece, pool),
                Validation(others.inputs, others.targets),
                name=f"{piece.data}, {rate:.0%} {noise}",
            )
            test_part = pool.inputs[test], pool.targets[test]
            made[noise, rate] = Draw(piece.data, dataset, is_wrong, *test_part, last)
    return made


def part_sizes(num_rows: int) -> tuple[int, int, int]:
    """Rows to be judged, validation rows and test rows of a data set.

    >>> part_sizes(40_768), part_sizes(1000)
    ((1000, 100, 3000), (540, 100, 360))
    """
    if num_rows >= PLENTY:
        return TRAIN, VALIDATION, TEST
    rest = num_rows - VALIDATION
    judged = min(TRAIN, int(TRAIN_SHARE * rest))
    return judged, VALIDATION, rest - judged


def spoil(
    pool: Pool, rows: Int[np.ndarray, " r"], noise: Noise, rate: float, key: PRNGKey
) -> tuple[Pool, Bool[np.ndarray, " r"]]:
    """Rows of a data set with a share made wrong, and which they are."""
    generator = numpy_generator(key)
    inputs, targets = pool.inputs[rows].copy(), pool.targets[rows].copy()
    chosen = generator.choice(len(rows), round(rate * len(rows)), replace=False)
    cut = {"label": len(chosen), "feature": 0, "mixed": len(chosen) // 2}[noise]
    relabelled, shaken = chosen[:cut], chosen[cut:]
    if np.issubdtype(targets.dtype, np.integer):
        num_classes = int(pool.targets.max()) + 1
        shift = generator.integers(1, num_classes, len(relabelled))
        targets[relabelled] = (targets[relabelled] + shift) % num_classes
    else:
        targets[relabelled] = targets[np.roll(relabelled, 1)]
    inputs[shaken] += generator.normal(size=inputs[shaken].shape).astype(inputs.dtype)
    is_wrong = np.zeros(len(rows), bool)
    is_wrong[chosen] = True
    return Pool(inputs, targets), is_wrong


@cache
def read_pool(name: str, root: Path | None = None) -> Pool:
    """A data set, tables with every column standardised; images in the unit of their loader."""
    if name in IMAGES:
        return _read_images(name, root)
    inputs, targets = MAKERS[name](np.random.default_rng(0)) if name in MAKERS else (
        _read_diabetes() if name == "diabetes" else _read_table(name, root)
    )  # fmt: skip
    if name in NUMBERS:
        targets = ((targets - targets.mean()) / targets.std()).astype(np.float32)
    else:
        targets = targets.astype(np.int64)
    return Pool(_standardised(inputs), targets)


def _read_images(name: str, root: Path | None) -> Pool:
    if name == "digits":
        from sklearn.datasets import load_digits

        images, targets = (np.asarray(part) for part in load_digits(return_X_y=True))
        scaled = (images - images.mean()) / images.std()
        return Pool(scaled.reshape(-1, 8, 8, 1).astype(np.float32), targets.astype(np.int64))
    dataset = {"mnist": load_mnist, "cifar10": load_cifar10}[name](root=root)
    return Pool(dataset.inputs, dataset.targets.astype(np.int64))


def _read_diabetes() -> Columns:
    from sklearn.datasets import load_diabetes

    inputs, targets = load_diabetes(return_X_y=True)
    return np.asarray(inputs), np.asarray(targets)


def _read_table(name: str, root: Path | None) -> Columns:
    path = data_folder(root) / "tables" / f"{name}.csv.gz"
    table = load_table(pd.read_csv(path), target="label", holdout="none")
    return table.inputs, table.targets


def two_planes(generator: np.random.Generator) -> Columns:
    """2dplanes of Breiman et al. 1984: ten columns, class 1 where y exceeds its mean."""
    sign = generator.choice([-1.0, 1.0], NUM_GENERATED)
    others = generator.choice([-1.0, 0.0, 1.0], (NUM_GENERATED, 9))
    one = 3 + 3 * others[:, 0] + 2 * others[:, 1] + others[:, 2]
    other = -3 + 3 * others[:, 3] + 2 * others[:, 4] + others[:, 5]
    noise = generator.normal(0.0, np.sqrt(2.0), NUM_GENERATED)
    return np.column_stack([sign, others]), _above_mean(np.where(sign > 0, one, other) + noise)


def friedman(generator: np.random.Generator) -> Columns:
    """Ten columns and the numbers of Friedman 1991, of which five columns count."""
    inputs = generator.uniform(size=(NUM_GENERATED, 10))
    first, second, third, fourth, fifth = inputs.T[:5]
    numbers = 10 * np.sin(np.pi * first * second) + 20 * (third - 0.5) ** 2 + 10 * fourth
    return inputs, numbers + 5 * fifth + generator.normal(size=NUM_GENERATED)


def _friedman_classes(generator: np.random.Generator) -> Columns:
    inputs, numbers = friedman(generator)
    return inputs, _above_mean(numbers)


MAKERS = {"2dplanes": two_planes, "fried": _friedman_classes, "fried, numbers": friedman}


def _above_mean(numbers: Float[np.ndarray, " n"]) -> Int[np.ndarray, " n"]:
    return (numbers > numbers.mean()).astype(np.int64)


def _standardised(inputs: Num[np.ndarray, "n d"]) -> Float[np.ndarray, "n d"]:
    deviation = inputs.std(axis=0)
    usable = np.where(deviation > 0, deviation, 1.0)
    return ((inputs - inputs.mean(axis=0)) / usable).astype(np.float32)


def _num_outputs(piece: Piece, pool: Pool) -> int:
    return 1 if piece.task == "regression" else int(pool.targets.max()) + 1
