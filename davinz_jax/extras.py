"""Packages that come with an extra alone, and what is said where they are missing."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def from_extra(extra: str) -> Iterator[None]:
    """Context of imports that need an extra.

    Raises:
        ImportError: naming the package that is missing, and the extra that brings it.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise ImportError(
            f"{error.name}: wanted it installed, got none; pip install 'davinz-jax[{extra}]'"
        ) from error
