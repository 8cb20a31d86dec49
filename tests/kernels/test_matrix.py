"""Kernels of a dataset in blocks, with its validation rows, and regression on them."""

import json
from dataclasses import replace

import jax
import numpy as np
import pytest

from davinz_jax.kernels import RBF, Laplace, Linear, gram, network_features, row_kernel
from davinz_jax.models import MLP, apply_function, features, initialise


def test_blocks_are_corners_of_the_whole(dataset):
    partition = np.array([[3, 5, 7, 1, 0, 2, 4], [6, 8, 10, 12, 9, 11, -1]])
    kernel = row_kernel(RBF(2), dataset, partition=partition)
    whole = gram(RBF(2), dataset.inputs)
    for block, own in zip(kernel.blocks[0], partition, strict=True):
        chosen = own[own >= 0]
        found = block[: len(chosen), : len(chosen)]
        np.testing.assert_allclose(found, whole[np.ix_(chosen, chosen)], rtol=1e-12)
    assert not kernel.blocks[0, 1, 6].any()
    assert kernel.num_blocks == 2


def test_validation_rows_come_with_outputs_of_zero(dataset):
    kernel = row_kernel(Laplace(), dataset, with_validation=True)
    assert kernel.validation_kernel.shape == (1, 5, 20)
    assert not kernel.validation_outputs.any()
    np.testing.assert_array_equal(kernel.residual[0], np.eye(3)[dataset.targets])
    told = json.loads(json.dumps(kernel.describe()))
    assert told["kernel"] == "laplace"
    assert told["bandwidth"] > 0


def test_regression_targets_are_one_column(dataset):
    numbers = replace(dataset, targets=np.linspace(0, 1, 20), task="regression", num_classes=1)
    kernel = row_kernel(RBF(), numbers)
    assert kernel.output == "scalar"
    np.testing.assert_allclose(kernel.residual[0, :, 0], np.linspace(0, 1, 20))


def test_cosine_of_the_linear_kernel_is_the_angle(dataset):
    kernel = row_kernel(Linear(), dataset, with_validation=True, cosine=True)
    rows = dataset.inputs.astype(np.float64)
    rows /= np.linalg.norm(rows, axis=1)[:, None]
    held = dataset.validation.inputs.astype(np.float64)
    held /= np.linalg.norm(held, axis=1)[:, None]
    np.testing.assert_allclose(kernel.blocks[0, 0], rows @ rows.T, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(kernel.validation_kernel[0], held @ rows.T, rtol=1e-10, atol=1e-12)


def test_a_row_of_zeros_has_a_cosine_of_zero(dataset):
    dataset.inputs[3] = 0
    kernel = row_kernel(Linear(), dataset, cosine=True)
    assert np.isfinite(kernel.blocks).all()
    assert not kernel.blocks[0, 0, 3].any()


@pytest.mark.parametrize("function", [Linear(), RBF()])
def test_features_are_taken_from_each_draw_of_the_network(dataset, function):
    model = MLP(widths=(8, 4), num_outputs=3)
    draws = [initialise(model, each, dataset.inputs) for each in jax.random.split(
        jax.random.key(0), 2)]  # fmt: skip
    kernel = network_features(function, apply_function(model), draws, dataset, with_validation=True)
    assert kernel.num_initialisations == 2
    assert kernel.name == f"network_features_{type(function).__name__.lower()}"
    if function == Linear():
        seen = np.asarray(features(model, draws[1], dataset.inputs)).astype(np.float64)
        np.testing.assert_allclose(kernel.blocks[1, 0], seen @ seen.T, rtol=1e-10, atol=1e-12)
    else:
        assert len(kernel.describe()["bandwidth"]) == 2
