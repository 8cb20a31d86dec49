"""Data that only experiments need: parties that mix two domains, and a small pair of domains."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import jax
import numpy as np

from davinz_jax.data import Dataset, blend_with_photographs, load_digits, partition_mixture
from davinz_jax.types import PRNGKey, Progress


def mixture(
    *,
    domains: Callable[..., tuple[Dataset, Dataset]],
    shares: Sequence[float],
    size: int,
    key: PRNGKey,
    progress: Progress | None = None,
) -> Dataset:
    """Parties that hold the second domain in different shares; it is the validation set's domain.

    Args:
        domains: gives the two domains, prepared alike.
        shares: share of the second domain in each party, in [0, 1].
        size: rows of each party.
        key: draws the domains, and the rows of each party.
        progress: told steps done, steps in all, and the stage.
    """
    domain_key, mixture_key = jax.random.split(key)
    first, second = domains(key=domain_key, progress=progress)
    mixed, parties = partition_mixture(first, second, shares=shares, size=size, key=mixture_key)
    return replace(mixed, parties=parties)


def digits_domains(
    *,
    num_rows: int | None = None,
    num_validation_rows: int | None = None,
    key: PRNGKey,
    progress: Progress | None = None,
) -> tuple[Dataset, Dataset]:
    """Digits in colour, and the same blended with patches of scikit-learn's two photographs.

    A small likeness of MNIST and MNIST-M that needs no files: 8×8×3, pixels in [0, 1].
    `progress` is not told.
    """
    from sklearn.datasets import load_sample_images

    digit_key, blend_key, validation_key = jax.random.split(key, 3)
    digits = load_digits(num_rows=num_rows, num_validation_rows=num_validation_rows, key=digit_key)
    pool = [np.asarray(image) for image in load_sample_images().images]
    inputs, validation_inputs = (
        np.repeat(images, 3, axis=-1) for images in (digits.inputs, digits.validation.inputs)
    )
    colour = replace(
        digits,
        inputs=inputs,
        validation=replace(digits.validation, inputs=validation_inputs),
        name="digits-rgb",
    )
    return colour, replace(
        colour,
        inputs=blend_with_photographs(inputs, pool, key=blend_key),
        validation=replace(
            digits.validation,
            inputs=blend_with_photographs(validation_inputs, pool, key=validation_key),
        ),
        name="digits-m",
    )
