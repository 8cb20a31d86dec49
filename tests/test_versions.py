"""One version of the package, and those of the libraries."""

import tomllib
from pathlib import Path

import davinz_jax
from davinz_jax.versions import versions


def test_version_is_that_of_the_project_file():
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
    assert davinz_jax.__version__ == project["version"] == versions()["davinz-jax"]


def test_libraries_are_named():
    assert {"python", "jax", "jaxlib", "flax", "neural-tangents", "numpy", "scipy"} <= set(
        versions()
    )
