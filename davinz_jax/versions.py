"""Versions of what numbers depend on."""

import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

PACKAGES = ("davinz-jax", "jax", "numpy", "scipy")
"""What every value depends on."""


def versions(packages: Sequence[str] = PACKAGES) -> dict[str, str]:
    """Versions of Python and of packages by name; "not installed" where there is none.

    >>> sorted(versions(["numpy"]))
    ['numpy', 'python']
    """
    return {"python": platform.python_version()} | {name: _version(name) for name in packages}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
