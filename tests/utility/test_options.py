"""Choices that are refused before anything is computed."""

from functools import partial

import numpy as np
import pytest

from davinz_jax.data import Dataset, Validation
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


class Encoder:
    """What a pretrained network says of itself."""

    usual_output = "first"
    knows_labels = True


@pytest.mark.parametrize(
    ("named", "model", "task", "predicts", "wanted"),
    [
        (None, None, "classification", True, "trace"),
        (None, None, "classification", False, "label"),
        (None, Encoder(), "classification", False, "first"),
        (None, Encoder(), "regression", True, "scalar"),
        ("trace", Encoder(), "classification", True, "trace"),
        ("first", None, "classification", False, "first"),
    ],
)
def test_the_output_named_or_usual(named, model, task, predicts, wanted):
    data = Dataset(np.eye(2), np.arange(2), task, 2, Validation(np.eye(2)))
    options = KernelOptions(output=named)
    found = options.choose_output(model, data, predicts=predicts, values_rows=False)
    assert found == wanted


@pytest.mark.parametrize(
    ("named", "task", "message"),
    [
        ("first", "regression", "output: wanted 'scalar' for regression, .* got 'first'"),
        ("label", "classification", "output: wanted 'trace', 'first' or 'scalar' for predictions"),
    ],
)
def test_outputs_that_make_no_sense_are_refused(named, task, message):
    data = Dataset(np.eye(2), np.arange(2), task, 2, Validation(np.eye(2)))
    with pytest.raises(ValueError, match=message):
        KernelOptions(output=named).choose_output(None, data)


def test_predictions_start_from_0_where_the_network_knows_the_labels():
    assert KernelOptions().starts_from(None)
    assert not KernelOptions().starts_from(Encoder())
    assert KernelOptions(initial_outputs=True).starts_from(Encoder())
    assert not KernelOptions(initial_outputs=False).starts_from(None)


def test_tokens_keep_their_dtype_and_draws_are_widened():
    ids = np.array([[1, 2]], np.int32)
    data = Dataset(ids, np.arange(1), "classification", 2, Validation(ids), input_kind="tokens")
    wide = KernelOptions(precision="float64")
    assert wide.cast(data).inputs is ids
    weights = [{"params": {"kernel": np.ones((2, 2), np.float32)}}]
    with wide.numbers():
        assert wide.cast_draws(weights)[0]["params"]["kernel"].dtype == np.float64
    assert KernelOptions().cast_draws(weights) is weights
