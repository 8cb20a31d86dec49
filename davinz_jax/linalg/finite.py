"""Refuses numbers that are not finite, by the argument that holds them."""

import numpy as np
from jaxtyping import Shaped


def check_finite(argument: str, array: Shaped[np.ndarray, "..."], remedy: str) -> None:
    """Do nothing if all numbers are finite.

    Raises:
        ValueError: if one is not.

    Example:
        >>> check_finite("inputs", np.array([0.0, np.nan]), "clean the data")
        Traceback (most recent call last):
        ValueError: inputs: wanted finite numbers, got NaN or infinity; clean the data
    """
    if not np.isfinite(array).all():
        raise ValueError(f"{argument}: wanted finite numbers, got NaN or infinity; {remedy}")
