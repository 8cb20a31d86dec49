"""Host-side randomness drawn from typed JAX keys."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from davinz_jax.types import PRNGKey


def check_key(key: Any) -> None:
    """Do nothing if this is a typed random key.

    Raises:
        ValueError: if it is not; a bare number is none.
    """
    if not (isinstance(key, jax.Array) and jnp.issubdtype(key.dtype, jax.dtypes.prng_key)):
        raise ValueError(
            f"key: wanted a random key, got {key!r}; pass jax.random.key(seed), with a whole "
            "number as seed"
        )


def numpy_generator(key: PRNGKey) -> np.random.Generator:
    """NumPy generator seeded by a typed JAX key: same key, same draws.

    >>> key = jax.random.key(3)
    >>> numpy_generator(key).random() == numpy_generator(key).random()
    True
    """
    check_key(key)
    return np.random.default_rng(np.asarray(jax.random.key_data(key)).ravel().tolist())


def require_generator(key: PRNGKey | None, purpose: str) -> np.random.Generator:
    """Generator for a draw that the caller asked for; refuses a missing key.

    Raises:
        ValueError: if there is no key.
    """
    if key is None:
        raise ValueError(
            f"key: wanted a random key for {purpose}, got none; pass key=jax.random.key(seed)"
        )
    return numpy_generator(key)


def split_key(key: PRNGKey | None, num: int) -> list[PRNGKey | None]:
    """Independent keys from one, or as many Nones from None."""
    if key is None:
        return [None] * num
    check_key(key)
    return list(jax.random.split(key, num))
