"""Versions of what every number of this package depends on."""

import platform
from importlib import metadata

__version__ = "0.1.0"

LIBRARIES = ("jax", "jaxlib", "flax", "neural-tangents", "numpy", "scipy")


def versions() -> dict[str, str]:
    """Name -> version, of Python, this package and the libraries it computes with."""
    own = {"python": platform.python_version(), "davinz-jax": __version__}
    return own | {name: metadata.version(name) for name in LIBRARIES}
