"""Data made worse on purpose (flipped labels, noise, duplicates), and bootstrap draws.

Each corruption leaves the number and order of rows as they are and returns a mask of the rows it
changed, so that size says nothing and what was done can be looked for.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float, Int, ScalarLike

from davinz_jax.data.checks import require_numbers
from davinz_jax.data.dataset import Dataset, Parties
from davinz_jax.data.randomness import numpy_generator
from davinz_jax.data.scalars import number
from davinz_jax.types import PRNGKey

Mask = Bool[np.ndarray, " n"]


def keep_rows(dataset: Dataset, *, key: PRNGKey | None = None) -> tuple[Dataset, Mask]:
    """The data as it is, in the form of a corruption of none of its rows; needs no key."""
    return dataset, _mask(len(dataset), np.zeros(0, dtype=np.int64))


def flip_labels(
    dataset: Dataset,
    *,
    fraction: ScalarLike,
    rows: Int[np.ndarray, " r"] | None = None,
    key: PRNGKey,
) -> tuple[Dataset, Mask]:
    """A share of the labels replaced by another class, drawn evenly.

    Args:
        dataset: classification data.
        fraction: share of `rows` that is flipped, in [0, 1].
        rows: rows to draw from, e.g. those of a party; None for all.
        key: fixes the draws.

    Returns:
        The data set, and a mask of its flipped rows.

    Raises:
        ValueError: for regression data, or a fraction outside [0, 1].
    """
    if dataset.task != "classification":
        raise ValueError("dataset: wanted classes to flip, got regression data; use add_noise")
    generator = numpy_generator(key)
    chosen = _draw_rows(len(dataset), fraction, rows, generator)
    shift = generator.integers(1, dataset.num_classes, size=len(chosen))
    targets = dataset.targets.copy()
    targets[chosen] = (targets[chosen] + shift) % dataset.num_classes
    return replace(dataset, targets=targets), _mask(len(dataset), chosen)


def add_noise(
    dataset: Dataset,
    *,
    scale: ScalarLike,
    fraction: ScalarLike = 1.0,
    rows: Int[np.ndarray, " r"] | None = None,
    clip: Sequence[ScalarLike] | None = None,
    key: PRNGKey,
) -> tuple[Dataset, Mask]:
    """Gaussian noise N(0, scale²) added to every input value of a share of the rows.

    Args:
        dataset: the data.
        scale: standard deviation, not negative; unit of the inputs.
        fraction: share of `rows` that gets noise, in [0, 1].
        rows: rows to draw from; None for all.
        clip: lowest and highest value that a noisy input may have; None for any.
        key: fixes the draws.

    Returns:
        The data set, and a mask of its noisy rows.

    Raises:
        ValueError: if `scale` is negative or a fraction lies outside [0, 1].
    """
    generator = numpy_generator(key)
    chosen = _draw_rows(len(dataset), fraction, rows, generator)
    scales = np.full(len(chosen), number(scale))
    noisy = _add_noise(dataset, chosen, scales, clip, generator)
    return noisy, _mask(len(dataset), chosen)


def add_party_noise(
    dataset: Dataset,
    parties: Parties,
    *,
    scales: Sequence[ScalarLike],
    clip: Sequence[ScalarLike] | None = None,
    one_draw: bool = False,
    key: PRNGKey,
) -> tuple[Dataset, Mask]:
    """Gaussian noise of a scale of its own for each party, on all its rows; see `add_noise`.

    The paper's noise stability uses scales 0.05·k for party k, clipped to [−1, 1].

    Args:
        dataset: the data.
        parties: who holds which row.
        scales: deviation of each party's noise, in the unit of the inputs.
        clip: range that noisy inputs are clipped to; None for none.
        one_draw: whether row r of every party gets the same draw, scaled for the party, as in the
            authors' code, or each row one of its own.
        key: fixes the draws.

    Raises:
        ValueError: if there is not one scale, not negative, for each party.
    """
    if len(scales) != len(parties):
        raise ValueError(
            f"scales: wanted one for each of {len(parties)} parties, got {len(scales)}; "
            "give one number a party"
        )
    by_row = np.array([number(scale) for scale in scales])[parties.indices]
    rows = np.arange(len(dataset))
    draws = _places(parties) if one_draw else rows
    noisy = _add_noise(dataset, rows, by_row, clip, numpy_generator(key), draws)
    return noisy, by_row > 0


def duplicate_rows(
    dataset: Dataset,
    *,
    fraction: ScalarLike,
    rows: Int[np.ndarray, " r"] | None = None,
    key: PRNGKey,
) -> tuple[Dataset, Mask]:
    """A share of the rows overwritten by copies of the other rows, inputs and targets.

    Args:
        dataset: the data.
        fraction: share of `rows` that is overwritten, in [0, 1).
        rows: rows to draw from and to copy from; None for all.
        key: fixes the draws.

    Returns:
        The data set, and a mask of the rows that are now copies.

    Raises:
        ValueError: if the fraction lies outside [0, 1] or leaves no row to copy.
    """
    generator = numpy_generator(key)
    chosen = _draw_rows(len(dataset), fraction, rows, generator)
    pool = np.arange(len(dataset)) if rows is None else np.unique(rows)
    originals = np.setdiff1d(pool, chosen)
    if len(chosen) and not len(originals):
        raise ValueError(
            f"fraction: wanted a row left to copy, got {number(fraction):g}; choose less than 1"
        )
    source = np.arange(len(dataset))
    source[chosen] = generator.choice(originals, len(chosen)) if len(chosen) else chosen
    copied = replace(dataset, inputs=dataset.inputs[source], targets=dataset.targets[source])
    return copied, _mask(len(dataset), chosen)


def bootstrap(
    dataset: Dataset,
    *,
    num: int,
    sizes: Sequence[int] | None = None,
    key: PRNGKey,
) -> Int[np.ndarray, "c n"]:
    """Data sets drawn with replacement, as how often each draw holds each row.

    Row c as a data set: `dataset.take(np.repeat(np.arange(n), counts[c]))`.

    Args:
        dataset: data to draw from.
        num: draws c.
        sizes: rows of each draw; None for sizes drawn evenly from 1..n, as in the paper's
            correlation experiment (Sec. 6.1).
        key: fixes the draws.

    Raises:
        ValueError: if there is not one positive size a draw.
    """
    generator = numpy_generator(key)
    n = len(dataset)
    drawn = generator.integers(1, n + 1, size=max(num, 0)).tolist() if sizes is None else sizes
    if num < 1 or len(drawn) != num or min(drawn) < 1:
        raise ValueError(
            f"sizes: wanted {num} positive numbers, one a draw, got {list(drawn)[:10]}; mend them"
        )
    return np.stack([np.bincount(generator.integers(n, size=size), minlength=n) for size in drawn])


def _draw_rows(
    num_rows: int,
    fraction: ScalarLike,
    rows: Int[np.ndarray, " r"] | None,
    generator: np.random.Generator,
) -> Int[np.ndarray, " c"]:
    """round(fraction · rows) of the rows, without replacement."""
    if not 0 <= number(fraction) <= 1:
        raise ValueError(f"fraction: wanted a share in [0, 1], got {fraction}; mend it")
    pool = np.arange(num_rows) if rows is None else np.unique(rows)
    if len(pool) and not 0 <= pool[0] <= pool[-1] < num_rows:
        raise ValueError(
            f"rows: wanted row numbers in 0..{num_rows - 1}, got {pool[0]}..{pool[-1]}; mend them"
        )
    return np.sort(generator.choice(pool, round(number(fraction) * len(pool)), replace=False))


def _add_noise(
    dataset: Dataset,
    rows: Int[np.ndarray, " r"],
    scales: Float[np.ndarray, " r"],
    clip: Sequence[ScalarLike] | None,
    generator: np.random.Generator,
    draws: Int[np.ndarray, " r"] | None = None,
) -> Dataset:
    """Noise of each row's scale added to its inputs, which keep their dtype; `draws` says whose."""
    require_numbers(dataset, "noise")
    if not np.all(scales >= 0) or not np.all(np.isfinite(scales)):
        raise ValueError(f"scale: wanted finite numbers >= 0, got {scales.min()}; mend it")
    noise = generator.standard_normal((len(rows), *dataset.inputs.shape[1:]))
    noise = noise if draws is None else noise[draws]
    noisy = dataset.inputs[rows] + scales.reshape(-1, *[1] * (noise.ndim - 1)) * noise
    if clip is not None:
        noisy = np.clip(noisy, *_limits(clip))
    inputs = dataset.inputs.copy()
    inputs[rows] = noisy
    return replace(dataset, inputs=inputs)


def _places(parties: Parties) -> Int[np.ndarray, " n"]:
    """Number of each row among its party's."""
    places = np.empty(len(parties.indices), np.int64)
    for party, size in enumerate(parties.sizes):
        places[parties.indices == party] = np.arange(size)
    return places


def _limits(clip: Sequence[ScalarLike]) -> tuple[float, float]:
    """Lowest and highest value, in this order."""
    limits = [number(limit) for limit in clip]
    if len(limits) != 2 or not limits[0] < limits[1]:
        raise ValueError(f"clip: wanted a lowest and a highest value, got {limits}; (-1, 1), say")
    return limits[0], limits[1]


def _mask(num_rows: int, rows: Int[np.ndarray, " r"]) -> Mask:
    mask = np.zeros(num_rows, bool)
    mask[rows] = True
    return mask
