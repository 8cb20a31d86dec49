"""Inputs and labels made worse without changing how many rows a set or a class has.

Every function takes arrays and returns new ones of the same shape and dtype, so that two sets made
by different ones cannot be told apart by size or class share. What they do to a network's accuracy
differs much: a few distinct rows repeated, a class swap or a blur cost it, a shift may not.
"""

import numpy as np
from jaxtyping import Float, Int, ScalarLike

from davinz_jax.data.randomness import numpy_generator
from davinz_jax.data.scalars import number
from davinz_jax.types import PRNGKey

Inputs = Float[np.ndarray, "n ..."]
Images = Float[np.ndarray, "n h w c"]
Table = Float[np.ndarray, "n d"]
Labels = Int[np.ndarray, " n"]


def swap_labels(targets: Labels, *, fraction: ScalarLike, key: PRNGKey) -> Labels:
    """A share of the labels moved to other classes, class counts unchanged.

    Rows are taken in layers of one row a class, and within a layer the labels go round a random
    cycle of the classes: each of these rows gets a wrong label, and each class as many as it gives.

    Args:
        targets: classes 0..c-1, each with as many rows.
        fraction: share of the rows whose label becomes wrong, rounded to whole layers; in [0, 1].
        key: draws the rows and the cycles.

    Raises:
        ValueError: for a fraction outside [0, 1], or classes of unequal counts.
    """
    generator = numpy_generator(key)
    by_class = _rows_by_class(targets, generator)
    num_classes, per_class = by_class.shape
    swapped = targets.copy()
    for layer in range(round(_share("fraction", fraction) * per_class)):
        cycle = generator.permutation(num_classes)
        swapped[by_class[cycle, layer]] = np.roll(cycle, 1)
    return swapped


def swap_classes(targets: Labels, *, num_pairs: int, fraction: ScalarLike, key: PRNGKey) -> Labels:
    """Random pairs of classes confused: each gives a share of its labels to the other.

    Args:
        targets: classes 0..c-1, each with as many rows.
        num_pairs: pairs of classes, at most c / 2; no class is in two.
        fraction: share of each such class's rows; in [0, 1].
        key: draws classes and rows.

    Raises:
        ValueError: for a fraction outside [0, 1], more pairs than there are, or unequal counts.
    """
    generator = numpy_generator(key)
    by_class = _rows_by_class(targets, generator)
    num_classes, per_class = by_class.shape
    if not 1 <= num_pairs <= num_classes // 2:
        raise ValueError(
            f"num_pairs: wanted 1..{num_classes // 2} pairs of {num_classes} classes, got "
            f"{num_pairs}; choose fewer"
        )
    count = round(_share("fraction", fraction) * per_class)
    swapped = targets.copy()
    for one, other in generator.permutation(num_classes)[: 2 * num_pairs].reshape(-1, 2):
        swapped[by_class[one, :count]] = other
        swapped[by_class[other, :count]] = one
    return swapped


def repeat_rows(targets: Labels, *, num_distinct: int, key: PRNGKey) -> Int[np.ndarray, " n"]:
    """For each row the row of its class that takes its place: few distinct ones, repeated.

    Args:
        targets: classes 0..c-1, each with as many rows.
        num_distinct: distinct rows left of each class, at least 1.
        key: draws which.

    Raises:
        ValueError: if `num_distinct` is not 1 up to the rows of a class, or counts are unequal.
    """
    by_class = _rows_by_class(targets, numpy_generator(key))
    per_class = by_class.shape[1]
    if not 1 <= num_distinct <= per_class:
        raise ValueError(
            f"num_distinct: wanted 1..{per_class} rows of a class, got {num_distinct}; mend it"
        )
    source = np.empty(len(targets), np.int64)
    source[by_class] = by_class[:, np.arange(per_class) % num_distinct]
    return source


def noise_inputs(inputs: Inputs, *, scale: ScalarLike, key: PRNGKey) -> Inputs:
    """Gaussian noise N(0, scale²) added to every value; `scale` in the inputs' unit."""
    noise = numpy_generator(key).standard_normal(inputs.shape)
    return (inputs + number(scale) * noise).astype(inputs.dtype)


def invert_inputs(inputs: Inputs, *, low: ScalarLike, high: ScalarLike) -> Inputs:
    """Mirrored within the limits of the data: x becomes low + high − x."""
    return (number(low) + number(high) - inputs).astype(inputs.dtype)


def blur_images(images: Images, *, sigma: ScalarLike) -> Images:
    """Gaussian blur of `sigma` pixels."""
    from scipy.ndimage import gaussian_filter

    width = number(sigma)
    return gaussian_filter(images, sigma=(0, width, width, 0)).astype(images.dtype)


def rotate_images(images: Images, *, degrees: ScalarLike, key: PRNGKey) -> Images:
    """Each image turned by the angle, to the left or right at random; the border is repeated."""
    from scipy.ndimage import rotate

    signs = numpy_generator(key).choice([-1.0, 1.0], len(images))
    turned = [
        rotate(image, sign * number(degrees), reshape=False, order=1, mode="nearest")
        for image, sign in zip(images, signs, strict=True)
    ]
    return np.asarray(turned, images.dtype).reshape(images.shape)


def shift_images(images: Images, *, pixels: int, key: PRNGKey) -> Images:
    """Each image rolled cyclically by so many pixels up or down and left or right."""
    signs = numpy_generator(key).choice([-1, 1], (len(images), 2))
    rolled = [
        np.roll(image, tuple(pixels * sign), axis=(0, 1))
        for image, sign in zip(images, signs, strict=True)
    ]
    return np.asarray(rolled, images.dtype).reshape(images.shape)


def offset_inputs(inputs: Inputs, *, offset: ScalarLike) -> Inputs:
    """The same number added to every value."""
    return (inputs + number(offset)).astype(inputs.dtype)


def shuffle_columns(table: Table, *, fraction: ScalarLike, key: PRNGKey) -> Table:
    """A share of the columns each permuted over the rows: their bond with the label is cut."""
    generator = numpy_generator(key)
    shuffled = table.copy()
    for column in _columns(table, fraction, generator):
        shuffled[:, column] = generator.permutation(table[:, column])
    return shuffled


def shift_columns(table: Table, *, fraction: ScalarLike, offset: ScalarLike, key: PRNGKey) -> Table:
    """A share of the columns moved by the offset, up or down at random."""
    generator = numpy_generator(key)
    columns = _columns(table, fraction, generator)
    shifted = table.copy()
    shifted[:, columns] += number(offset) * generator.choice([-1, 1], len(columns))
    return shifted


def scale_columns(table: Table, *, fraction: ScalarLike, factor: ScalarLike, key: PRNGKey) -> Table:
    """A share of the columns multiplied by the factor; −1 mirrors a standardised column."""
    scaled = table.copy()
    scaled[:, _columns(table, fraction, numpy_generator(key))] *= number(factor)
    return scaled


def blank_cells(table: Table, *, fraction: ScalarLike, key: PRNGKey) -> Table:
    """A share of the cells set to 0, as imputed means are in standardised columns."""
    draws = numpy_generator(key).random(table.shape)
    return np.where(draws < _share("fraction", fraction), 0, table).astype(table.dtype)


def _columns(
    table: Table, fraction: ScalarLike, generator: np.random.Generator
) -> Int[np.ndarray, " k"]:
    """At least one column, round(fraction · d) of them."""
    num_columns = max(1, round(_share("fraction", fraction) * table.shape[1]))
    return generator.choice(table.shape[1], num_columns, replace=False)


def _rows_by_class(targets: Labels, generator: np.random.Generator) -> Int[np.ndarray, "c m"]:
    """Rows of each class in random order; classes must have equal counts."""
    counts = np.bincount(targets)
    if len(counts) < 2 or len(set(counts)) > 1:
        raise ValueError(
            f"targets: wanted two classes or more with equal counts, got {counts.tolist()}; "
            "draw a balanced set"
        )
    order = generator.permutation(len(targets))
    return order[np.argsort(targets[order], kind="stable")].reshape(len(counts), -1)


def _share(argument: str, fraction: ScalarLike) -> float:
    share = number(fraction)
    if not 0 <= share <= 1:
        raise ValueError(f"{argument}: wanted a share in [0, 1], got {share:g}; mend it")
    return share
