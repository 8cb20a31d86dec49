"""Fixtures and switches shared by all tests."""

import os
from pathlib import Path

import jax
import pytest

jax.config.update("jax_numpy_rank_promotion", "raise")


def pytest_addoption(parser):
    parser.addoption("--run-slow", action="store_true", help="also run full-size checks")
    parser.addoption("--run-gpu", action="store_true", help="also run checks on an accelerator")


def pytest_collection_modifyitems(config, items):
    for marker in ("slow", "gpu"):
        if not config.getoption(f"--run-{marker}"):
            skip = pytest.mark.skip(reason=f"needs --run-{marker}")
            for item in items:
                if marker in item.keywords:
                    item.add_marker(skip)


@pytest.fixture
def key():
    """A typed random key."""
    return jax.random.key(0)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder that holds MNIST, CIFAR-10 and BSDS500; skips where there is none."""
    beside = Path(__file__).parents[2] / "shared" / "data"
    root = Path(os.environ.get("DAVINZ_DATA", beside))
    if not (root / "MNIST").is_dir():
        pytest.skip(f"no real data: set DAVINZ_DATA to a folder with MNIST (looked in {root})")
    return root


@pytest.fixture(scope="session")
def golden() -> Path:
    """Folder of reference numbers in float64; skips where there is none."""
    folder = Path(__file__).parents[2] / "shared" / "golden"
    if not (folder / "golden.json").is_file():
        pytest.skip(f"no reference numbers: wanted {folder.name}/golden.json beside the checkout")
    return folder
