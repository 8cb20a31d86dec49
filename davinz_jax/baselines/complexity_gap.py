"""Complexity-gap score: how much harder a row makes all labels to fit, by an infinite network.

With H the kernel of the first layer of an infinitely wide network of two layers,
H_ij = xᵢ·xⱼ (π − arccos xᵢ·xⱼ)/2π for inputs of length one, a row's score is
yᵀH⁻¹y − y₋ᵢᵀH₋ᵢ⁻¹y₋ᵢ = (H⁻¹y)ᵢ²/(H⁻¹)ᵢᵢ; the larger, the more irregular the row.
"""

import numpy as np
from jaxtyping import Float, Int, Num
from scipy.linalg import cho_factor, cho_solve

from davinz_jax.data import numpy_generator
from davinz_jax.types import PRNGKey

RIDGE = 1e-6
"""Added to the diagonal (of one half), so that equal rows of unequal labels have a finite score."""


def row_values(
    inputs: Num[np.ndarray, "n d"],
    labels: Int[np.ndarray, " n"],
    *,
    key: PRNGKey,
    num_draws: int = 5,
) -> Float[np.ndarray, " n"]:
    """Minus the complexity gap of each row, so that regular rows are worth most.

    Two classes are +1 and -1. Of several, each class is +1 against as many rows of others, drawn
    `num_draws` times; a row's score is the mean over the draws of its own class.

    Args:
        inputs: rows that were valued; each is scaled to length one.
        labels: classes.
        key: draws the rows that a class is held against.
        num_draws: of them, for three classes or more.

    Raises:
        ValueError: for a row of zeros, which has no direction, or fewer than two classes.

    References:
        Nohyun, Choi & Chung, "Data Valuation Without Training of a Model", ICLR 2023.
    """
    length = np.linalg.norm(inputs.astype(np.float64), axis=1)
    if not length.all():
        raise ValueError(
            f"inputs: wanted rows other than zero, got {int((length == 0).sum())} of zeros; add a "
            "column of ones"
        )
    unit = inputs / length[:, None]
    classes = np.unique(labels)
    if len(classes) < 2:
        raise ValueError(f"labels: wanted two classes or more, got {len(classes)}; add another")
    if len(classes) == 2:
        return -complexity_gaps(unit, np.where(labels == classes[1], 1.0, -1.0))
    generator, values = numpy_generator(key), np.zeros(len(labels))
    for label in classes:
        own, others = np.flatnonzero(labels == label), np.flatnonzero(labels != label)
        signs = np.repeat([1.0, -1.0], [len(own), min(len(own), len(others))])
        for _ in range(num_draws):
            drawn = generator.choice(others, len(signs) - len(own), replace=False)
            gaps = complexity_gaps(unit[np.concatenate([own, drawn])], signs)
            values[own] -= gaps[: len(own)] / num_draws
    return values


def complexity_gaps(
    unit: Float[np.ndarray, "n d"], signs: Float[np.ndarray, " n"], *, ridge: float = RIDGE
) -> Float[np.ndarray, " n"]:
    """yᵀH⁻¹y less the same without each row; inputs of length one, labels ±1."""
    factor = cho_factor(first_layer_kernel(unit) + ridge * np.eye(len(signs)))
    inverse = cho_solve(factor, np.eye(len(signs)))
    return np.square(inverse @ signs) / np.diag(inverse)


def first_layer_kernel(unit: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n n"]:
    """H of inputs of length one; 1/2 on the diagonal."""
    cosine = np.clip(unit @ unit.T, -1.0, 1.0)
    return cosine * (np.pi - np.arccos(cosine)) / (2 * np.pi)
