"""Choices that are refused before anything is computed."""

import pytest

from davinz_jax.utility import DiscrepancyOptions, KernelOptions


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"ridge": -1.0}, "ridge: wanted a finite number ≥ 0, got -1.0"),
        ({"ridge": float("nan")}, "ridge: wanted a finite number"),
        ({"ridge": "some"}, "ridge: wanted a number ≥ 0 or 'auto', got 'some'"),
        ({"num_blocks": 0}, "num_blocks: wanted a whole number ≥ 1, got 0"),
        (
            {"precision": "bfloat16", "engine": "neural_tangents"},
            "precision: wanted 'full' for the engine neural_tangents",
        ),
    ],
)
def test_bad_kernel_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        KernelOptions(**options)


def test_a_bandwidth_is_a_number_or_the_median():
    with pytest.raises(ValueError, match="bandwidth: wanted numbers > 0 or 'median', got 'mean'"):
        DiscrepancyOptions(bandwidth="mean")


def test_defaults_are_the_papers():
    assert (KernelOptions().ridge, KernelOptions().num_blocks) == (1e-4, 1)
    assert DiscrepancyOptions().bandwidth == 5.0
