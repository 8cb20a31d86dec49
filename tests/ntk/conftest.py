"""Switches that several tests of kernels share."""

import jax
import pytest


@pytest.fixture(scope="module")
def quick_compilation():
    """Most of the time goes to XLA, whose optimisations small models do not need."""
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)
