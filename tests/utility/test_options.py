"""Choices that are refused before anything is computed."""

from functools import partial

import pytest

from davinz_jax.utility import DiscrepancyOptions, KernelChoice, KernelOptions
from davinz_jax.utility.options import PAPER_RIDGE


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
        ({"sketch": 0}, "sketch: wanted a whole number ≥ 1 of dimensions, or none, got 0; 64 is"),
        ({"sketch": "some"}, "sketch: wanted a whole number ≥ 1 .* got 'some'"),
        (
            {"sketch": 64, "engine": "neural_tangents"},
            "sketch: wanted none for the engine neural_tangents, got 64; only the engine layerwise",
        ),
    ],
)
def test_bad_kernel_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        KernelOptions(**options)


def test_a_bandwidth_is_a_number_or_the_median():
    with pytest.raises(ValueError, match="bandwidth: wanted numbers > 0 or 'median', got 'mean'"):
        DiscrepancyOptions(bandwidth="mean")


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"kernel": "rfb"}, "kernel: wanted one of .* got 'rfb'; did you mean 'rbf'"),
        ({"bandwidth": 0.0}, "bandwidth: wanted a finite number > 0 or 'median', got 0.0"),
        ({"bandwidth": float("inf")}, "bandwidth: wanted a finite number"),
        ({"bandwidth": "mean"}, "bandwidth: wanted .* or 'median', got 'mean'"),
    ],
)
def test_bad_kernel_choices_are_refused(choice, message):
    with pytest.raises(ValueError, match=message):
        KernelChoice(**choice)


def test_a_kernel_knows_its_name_and_whether_it_needs_a_network():
    def own_kernel(rows, others):
        return rows @ others.T

    assert KernelChoice().needs_network
    assert KernelChoice("sum").needs_network
    assert not KernelChoice("laplace").needs_network
    assert not KernelChoice(own_kernel).needs_network
    assert KernelChoice(partial(own_kernel)).name == "own_kernel"


def test_defaults_are_the_papers():
    assert (PAPER_RIDGE, KernelOptions().num_blocks) == (1e-4, 1)
    assert DiscrepancyOptions().bandwidth == 5.0


def test_no_sketch_goes_by_two_names():
    sizes = [KernelOptions(sketch=each).sketch_size for each in (None, "none", 64)]
    assert sizes == [None, None, 64]
