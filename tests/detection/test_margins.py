"""Rows checked by all the others: by hand, against refitting, and on digits with wrong labels."""

from dataclasses import replace

import jax
import numpy as np
import pytest

from davinz_jax.data import Dataset, Validation, add_noise, flip_labels, load_digits
from davinz_jax.detection import (
    KernelBlock,
    cut_wrong_labels,
    fit_label_mixture,
    label_margins,
    label_margins_of_blocks,
    row_kernel_blocks,
    tangent_kernel_blocks,
    target_residuals,
)
from davinz_jax.evaluation import detection_auc
from davinz_jax.kernels import RBF, KernelMatrix, row_kernel
from davinz_jax.models import MLP, apply_function, initialise


@pytest.fixture(scope="module")
def digits():
    return load_digits(num_rows=300, num_validation_rows=20)


@pytest.fixture(scope="module")
def spoilt(digits):
    return flip_labels(digits, fraction=0.1, key=jax.random.key(3))


def small(targets, num_outputs=2, num_rows=4):
    """Two pairs of equal rows, each pair far from the other: K is 1 within a pair, else 0."""
    kernel = np.kron(np.eye(2), np.ones((2, 2)))[None, None]
    return KernelMatrix(kernel, np.arange(num_rows)[None], np.eye(num_outputs)[targets][None], "k")


def test_pairs_by_hand():
    """Each row is predicted by its twin's label alone, as y/(1 + λ), with λ = 1 by half."""
    targets = np.array([0, 0, 1, 0])
    check = label_margins(small(targets), targets, ridge=1.0)
    np.testing.assert_allclose(check.margin, [0.5, 0.5, -0.5, -0.5])
    np.testing.assert_allclose(check.cost, [0.25, 0.25, 2.25, 2.25])
    assert check.suggested.tolist() == [0, 0, 0, 1]
    np.testing.assert_allclose(check.novelty, 0.5)  # 1 − 1/(1 + λ)


def test_margins_equal_regressions_without_each_row(digits):
    some = digits.take(np.arange(60))
    kernel = row_kernel(RBF(), some)
    check = label_margins(kernel, some.targets)
    ridge, matrix = check.curves[0].ridge, kernel.blocks[0, 0]
    for row in (0, 17, 59):
        kept = np.delete(np.arange(60), row)
        shifted = matrix[np.ix_(kept, kept)] + ridge * np.eye(59)
        outputs = matrix[row, kept] @ np.linalg.solve(shifted, kernel.residual[0, kept])
        np.testing.assert_allclose(check.outputs[row], outputs, rtol=1e-7, atol=1e-9)
        own = some.targets[row]
        best = np.delete(outputs, own).max()
        assert check.margin[row] == pytest.approx(outputs[own] - best)
        distance = matrix[row, row] - matrix[row, kept] @ np.linalg.solve(
            shifted, matrix[kept, row]
        )
        assert check.novelty[row] == pytest.approx(distance, rel=1e-6)


def test_wrong_labels_are_found_and_mended(digits, spoilt):
    data, flipped = spoilt
    check = label_margins(row_kernel(RBF(), data), data.targets)
    assert detection_auc(check.margin, flipped) > 0.99
    assert (check.suggested[flipped] == digits.targets[flipped]).mean() > 0.9
    assert check.curves[0].edge is None


def test_noisy_inputs_are_novel(digits):
    data, noisy = add_noise(digits, scale=0.3, fraction=0.1, key=jax.random.key(0))
    check = label_margins(row_kernel(RBF(), data), data.targets)
    assert detection_auc(-check.novelty, noisy) > 0.99


def test_the_share_of_wrong_labels_is_read_from_the_margins(spoilt):
    data, flipped = spoilt
    check = label_margins(row_kernel(RBF(), data), data.targets)
    assert 0.04 < fit_label_mixture(check.outputs, data.targets).share < 0.15
    cut = cut_wrong_labels(check.outputs, data.targets, bound=0.3)
    assert cut.dropped[flipped].mean() > 0.7
    assert cut.threshold == check.margin[cut.dropped].max()


def test_order_of_rows_does_not_matter(spoilt):
    data, _ = spoilt
    order = np.random.default_rng(0).permutation(len(data))
    function = RBF(2)
    plain = label_margins(row_kernel(function, data), data.targets)
    moved = data.take(order)
    check = label_margins(row_kernel(function, moved), moved.targets)
    np.testing.assert_allclose(check.margin, plain.margin[order], rtol=1e-7, atol=1e-9)


def test_a_row_without_doubt_of_its_copies_is_checked_by_the_rest(digits):
    """A wrong label copied with its row hides behind the copy, unless both are left out."""
    some = digits.take(np.r_[0:60, 0])
    targets = some.targets.copy()
    targets[[0, 60]] = (targets[0] + 1) % 10
    some = replace(some, targets=targets)
    kernel = row_kernel(RBF(), some)
    groups = np.r_[0:60, 0]
    alone = label_margins(kernel, targets, ridge=1e-3)
    together = label_margins(kernel, targets, ridge=1e-3, groups=groups)
    assert alone.margin[0] > 0.5
    assert together.margin[0] < 0
    np.testing.assert_allclose(together.margin[[0]], together.margin[[60]], rtol=1e-6)


def test_blocks_one_at_a_time_equal_a_kernel_in_blocks(spoilt):
    data, _ = spoilt
    partition = np.arange(300).reshape(3, 100)
    kernel = row_kernel(RBF(2), data, partition=partition)
    whole = label_margins(kernel, data.targets, ridge=0.1)
    parts = [
        KernelBlock(own, kernel.blocks[:, b], kernel.residual[:, own])
        for b, own in enumerate(partition)
    ]
    streamed = label_margins_of_blocks(iter(parts), data.targets, 10, relative_ridge=0.1)
    np.testing.assert_allclose(streamed.margin, whole.margin, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(streamed.novelty, whole.novelty, rtol=1e-8)
    assert len(streamed.curves) == 3


def test_random_blocks_find_wrong_labels_too(spoilt, key):
    data, flipped = spoilt
    told = []
    blocks = row_kernel_blocks(
        RBF(),
        data,
        block_size=100,
        num_partitions=2,
        key=key,
        progress=lambda done, total, stage: told.append((done, total)),
    )
    check = label_margins_of_blocks(blocks, data.targets, 10)
    assert detection_auc(check.margin, flipped) > 0.95
    assert told == [(done, 6) for done in range(1, 7)]


def test_blocks_of_a_network(spoilt, key):
    data, flipped = spoilt
    model = MLP(widths=(32,), num_outputs=10)
    draws = [initialise(model, key, data.inputs)]
    blocks = tangent_kernel_blocks(apply_function(model), draws, data, block_size=150, key=key)
    check = label_margins_of_blocks(blocks, data.targets, 10)
    assert detection_auc(check.margin, flipped) > 0.95


def numbers(rng, num_rows=80):
    inputs = rng.normal(size=(num_rows, 3))
    targets = inputs @ [1.0, -2.0, 0.5] + 0.1 * rng.normal(size=num_rows)
    return Dataset(inputs, targets, "regression", 1, Validation(inputs[:1]))


def test_wrong_numbers_are_found():
    rng = np.random.default_rng(0)
    data = numbers(rng)
    wrong = np.zeros(80, bool)
    wrong[rng.choice(80, 8, replace=False)] = True
    data = replace(data, targets=data.targets + 8 * wrong * rng.choice([-1, 1], 80))
    check = target_residuals(row_kernel(RBF(), data), data.targets)
    assert detection_auc(check.margin, wrong) > 0.95
    np.testing.assert_allclose(check.cost, check.margin**2)


def test_standardised_residuals_by_hand():
    """K = I: e = y, A_ii = 1/(1 + λ) for all, so that z is y over its robust scale."""
    targets = np.array([1.0, -1.0, 2.0, -2.0, 30.0])
    kernel = KernelMatrix(np.eye(5)[None, None], np.arange(5)[None], targets[None, :, None], "k")
    check = target_residuals(kernel, targets)
    np.testing.assert_allclose(check.margin, -np.abs(targets) / (1.4826 * 2))


def test_what_cannot_be_checked_is_refused(key):
    one_class = np.zeros(4, int)
    with pytest.raises(ValueError, match="targets: wanted two classes or more, got only 0"):
        label_margins(small(one_class), one_class)
    with pytest.raises(ValueError, match=r"targets: wanted classes 0\.\.1, got 0\.\.5"):
        label_margins(small(np.array([0, 1, 0, 1])), np.array([0, 1, 0, 5]))
    with pytest.raises(ValueError, match="kernel: wanted an output for each class"):
        label_margins(small(np.zeros(4, int), num_outputs=1), np.array([0, 1, 0, 1]))
    with pytest.raises(ValueError, match="kernel: wanted one output for 4 rows"):
        target_residuals(small(np.array([0, 1, 0, 1])), np.ones(4))
    with pytest.raises(ValueError, match="blocks: wanted every row in one or more, got 4 of 4"):
        label_margins_of_blocks([], np.array([0, 1, 0, 1]), 2)
    with pytest.raises(ValueError, match="no row stands out"):
        target_residuals(small(np.zeros(4, int), num_outputs=1), np.ones(4) * 0)
    with pytest.raises(ValueError, match="block_size, num_partitions: wanted at least 2 and 1"):
        list(row_kernel_blocks(RBF(), numbers(np.random.default_rng(0)), block_size=1, key=key))
