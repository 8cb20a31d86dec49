"""A ridge as asked for: absolute, relative to the mean diagonal, or of least error left out."""

import numpy as np
import pytest

from davinz_jax.data import Dataset, Validation
from davinz_jax.kernels import RBF, row_kernel
from davinz_jax.linalg import RidgeCurve
from davinz_jax.utility.ridges import find_copies, find_ridge, find_temperature


@pytest.fixture(scope="module")
def data():
    """Two overlapping clouds, 30 rows each."""
    generator = np.random.default_rng(0)
    targets = np.arange(60) % 2
    inputs = generator.normal(size=(60, 2)) + 1.5 * targets[:, None]
    return Dataset(inputs, targets, "classification", 2, Validation(inputs[:5], targets[:5]))


@pytest.fixture(scope="module")
def kernel(data):
    return row_kernel(RBF(1.0), data)


def test_an_absolute_number_is_itself(data, kernel):
    assert find_ridge(kernel, data, ridge=0.3) == 0.3


def test_a_relative_number_is_a_share_of_the_mean_diagonal(data, kernel):
    """The diagonal of an RBF kernel is 1, of four times that kernel 4."""
    larger = type(kernel)(**{**vars(kernel), "blocks": 4 * kernel.blocks})
    assert find_ridge(kernel, data, ridge=0.3, unit="relative") == pytest.approx(0.3)
    assert find_ridge(larger, data, ridge=0.3, unit="relative") == pytest.approx(1.2)


def test_auto_has_the_least_error_of_refitting_without_each_row(data, kernel):
    curve = find_ridge(kernel, data, ridge="auto")
    assert isinstance(curve, RidgeCurve)
    gram, labels = kernel.blocks[0, 0].astype(np.float64), np.eye(2)[data.targets]

    def error(ridge):
        total = 0.0
        for row in range(60):
            rest = np.delete(np.arange(60), row)
            shifted = gram[np.ix_(rest, rest)] + ridge * np.eye(59)
            predicted = gram[row, rest] @ np.linalg.solve(shifted, labels[rest])
            total += np.sum((labels[row] - predicted) ** 2)
        return total

    errors = [error(ridge) for ridge in curve.ridges]
    assert curve.ridge == curve.ridges[int(np.argmin(errors))]


def test_temperature_is_of_least_cross_entropy_left_out(data, kernel):
    ridge = find_ridge(kernel, data, ridge="auto").ridge
    found = find_temperature(kernel, data, ridge=ridge, ensemble=False)
    gram, labels = kernel.blocks[0, 0].astype(np.float64), np.eye(2)[data.targets]
    inverse = np.linalg.inv(gram + ridge * np.eye(60))
    left_out = labels - (inverse @ labels) / np.diag(inverse)[:, None]

    def loss(temperature):
        logits = left_out / temperature
        shifted = logits - np.log(np.exp(logits).sum(1, keepdims=True))
        return -shifted[np.arange(60), data.targets].mean()

    assert loss(found) <= min(loss(1.01 * found), loss(found / 1.01)) + 1e-9


def test_a_ridge_relative_to_zeros_is_refused(data, kernel):
    zeros = type(kernel)(**{**vars(kernel), "blocks": 0 * kernel.blocks})
    with pytest.raises(ValueError, match="kernel"):
        find_ridge(zeros, data, ridge=0.1, unit="relative")


def test_copies_share_a_number():
    inputs = np.array([[1.0, 2.0], [0.0, 0.0], [1.0, 2.0]])
    copies = find_copies(inputs)
    assert copies is not None
    assert copies[0] == copies[2] != copies[1]
    assert find_copies(inputs[:2]) is None


def test_temperature_leaves_copies_out_together(data):
    """A row that occurs 21 times must not be told by its copies what its label is."""
    inputs = np.concatenate([data.inputs, np.repeat(data.inputs[:1], 20, axis=0)])
    targets = np.concatenate([data.targets, np.full(20, data.targets[0])])
    copied = Dataset(inputs, targets, "classification", 2, data.validation)
    found = row_kernel(RBF(1.0), copied)
    alone = find_temperature(row_kernel(RBF(1.0), data), data, ridge=1e-2, ensemble=False)
    with_copies = find_temperature(found, copied, ridge=1e-2, ensemble=False)
    gram, labels = found.blocks[0, 0].astype(np.float64), np.eye(2)[targets]
    groups = find_copies(inputs)
    left = np.zeros_like(labels)
    for group in np.unique(groups):
        out = groups == group
        shifted = gram[np.ix_(~out, ~out)] + 1e-2 * np.eye((~out).sum())
        left[out] = gram[np.ix_(out, ~out)] @ np.linalg.solve(shifted, labels[~out])

    def loss(temperature):
        logits = left / temperature
        return (np.log(np.exp(logits).sum(1)) - logits[np.arange(80), targets]).mean()

    assert loss(with_copies) <= min(loss(1.01 * with_copies), loss(with_copies / 1.01)) + 1e-9
    assert with_copies != pytest.approx(alone, rel=1e-2)
