"""A package that is missing is named with the extra that brings it."""

import pytest

from davinz_jax.extras import from_extra


def test_missing_package_is_named_with_its_extra():
    wanted = r"^nowhere: .*pip install 'davinz-jax\[benchmarks\]'$"
    with pytest.raises(ImportError, match=wanted), from_extra("benchmarks"):
        import nowhere  # noqa: F401 # pyright: ignore


def test_other_errors_pass():
    with pytest.raises(KeyError), from_extra("benchmarks"):
        raise KeyError("x")
