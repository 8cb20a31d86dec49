"""Numbers that callers give as Python, NumPy or JAX scalars."""

import numpy as np
from jaxtyping import ScalarLike


def number(value: ScalarLike) -> float:
    """A scalar of any of these kinds as a Python float.

    >>> number(np.float32(0.5))
    0.5
    """
    return float(np.asarray(value))
