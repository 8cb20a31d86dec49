"""Settings against annotations: what fits, and what is told where one does not."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import pytest
from jaxtyping import ScalarLike

from davinz_jax import DiscrepancyOptions, KernelOptions
from davinz_jax.data import load_table, partition_by_sizes
from davinz_jax.data.sources.ising import simulate_ising
from experiments.runtime.errors import InputError
from experiments.runtime.option_types import check_node, check_types, describe, fits


@pytest.mark.parametrize(
    ("value", "hint", "expected"),
    [
        (1, int, True),
        (True, int, False),
        (1.5, int, False),
        (1, float, True),
        ("1", float, False),
        (None, float, False),
        (None, float | None, True),
        (0.5, ScalarLike, True),
        ([0.5], ScalarLike, False),
        ("none", ScalarLike | Literal["none"] | None, True),
        ([1, 2], Sequence[int], True),
        ([1, "a"], Sequence[int], False),
        ("ab", Sequence[str], False),
        ({"a": 1}, dict[str, int], True),
        ("a.csv", str | Path, True),
        (3, Path, False),
        ("a", Literal["b"], True),
        (3, Literal["b"], False),
    ],
)
def test_fits(value, hint, expected):
    assert fits(value, hint) == expected


@pytest.mark.parametrize(
    ("hint", "words"),
    [
        (int | None, "a whole number or null"),
        (ScalarLike | str, "a number or text"),
        (Sequence[str], "a list of text"),
        (Literal["a", "b"], "a or b"),
    ],
)
def test_describe(hint, words):
    assert describe(hint) == words


def test_refusal_names_option_type_and_value():
    with pytest.raises(
        InputError, match="data.num_rows: wanted a whole number or null, got 'many'"
    ):
        check_types("data", load_table, {"path": "a.csv", "num_rows": "many"})
    with pytest.raises(InputError, match="mmd.bandwidth: wanted a number or .* got {}; --help"):
        check_types("mmd", DiscrepancyOptions, {"bandwidth": {}})
    with pytest.raises(InputError, match="num_sweeps: wanted a whole number up to 2147483647"):
        check_types("data", simulate_ising, {"num_sweeps": 10**20})
    with pytest.raises(InputError, match=r"sizes: wanted a list of a whole number up to"):
        check_types("parties", partition_by_sizes, {"sizes": [3, 2**31]})
    check_types("ntk", KernelOptions, {"memory": 2**40})
    check_types("data", load_table, {"target": "y", "holdout": 0.2, "unknown": 3})
    check_types("model", lambda widths: widths, {"widths": 3})


def test_options_below_one_that_is_a_number_are_refused():
    """A node below is a function's where it names one, and else a value like any other."""
    source = {"_target_": "davinz_jax.data.load_table", "path": "a.csv"}
    with pytest.raises(InputError, match="data.num_rows: wanted a whole number or null, got {}"):
        check_node("data", source | {"num_rows": {}})
