"""Names must differ."""

import pytest

from davinz_jax.data.tabular.names import check_names


def test_names_that_are_there_twice_are_told():
    check_names("t.csv", ["a", "b"])
    with pytest.raises(ValueError, match="columns: wanted names that differ, got a, 1 more than"):
        check_names("t.csv", ["a", "a", "b", 1, "1"])
