"""Versions of packages that are and are not there."""

import platform

import numpy as np

from davinz_jax.versions import versions


def test_versions_by_name():
    found = versions(["numpy", "no-such-package"])
    assert found == {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "no-such-package": "not installed",
    }
