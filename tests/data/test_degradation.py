"""Degradations: what they change, and that sizes and class counts stay."""

import jax
import numpy as np
import pytest

from davinz_jax.data import degradation

TARGETS = np.repeat(np.arange(4), 6)


def test_a_swap_of_half_of_the_labels_moves_half_and_keeps_counts(key):
    """Six rows a class and a half of them: three layers of four rows, twelve of 24 are wrong."""
    swapped = degradation.swap_labels(TARGETS, fraction=0.5, key=key)
    assert (swapped != TARGETS).sum() == 12
    assert np.bincount(swapped).tolist() == [6, 6, 6, 6]


def test_labels_of_two_classes_are_exchanged(key):
    targets = np.repeat([0, 1], 5)
    assert (degradation.swap_labels(targets, fraction=1.0, key=key) == 1 - targets).all()


def test_pairs_of_classes_give_each_other_labels(key):
    """One pair of four classes, half of six rows each: three rows either way."""
    swapped = degradation.swap_classes(TARGETS, num_pairs=1, fraction=0.5, key=key)
    moved = swapped != TARGETS
    assert moved.sum() == 6
    assert len(set(TARGETS[moved])) == 2
    assert np.bincount(swapped).tolist() == [6, 6, 6, 6]


def test_repeated_rows_are_of_the_same_class_and_few(key):
    source = degradation.repeat_rows(TARGETS, num_distinct=2, key=key)
    assert (TARGETS[source] == TARGETS).all()
    assert len(np.unique(source)) == 8


def test_inversion_keeps_limits():
    inputs = np.array([[0.0, 0.25, 1.0]], np.float32)
    assert degradation.invert_inputs(inputs, low=0, high=1).tolist() == [[1.0, 0.75, 0.0]]


def test_a_shift_rolls_each_image_by_its_pixels(key):
    images = np.zeros((3, 5, 5, 1), np.float32)
    images[:, 2, 2] = 1
    shifted = degradation.shift_images(images, pixels=1, key=key)
    for image in shifted[..., 0]:
        row, column = np.argwhere(image)[0]
        assert (abs(row - 2), abs(column - 2), image.sum()) == (1, 1, 1)


def test_a_quarter_turn_is_exact(key):
    image = np.arange(9, dtype=np.float32).reshape(1, 3, 3, 1)
    turned = degradation.rotate_images(image, degrees=90, key=key)[0, ..., 0]
    quarter = [np.rot90(image[0, ..., 0], turns) for turns in (1, -1)]
    assert any(np.allclose(turned, one, atol=1e-5) for one in quarter)


def test_blur_keeps_the_mean_of_a_flat_image():
    flat = np.full((2, 6, 6, 1), 0.5, np.float32)
    assert np.allclose(degradation.blur_images(flat, sigma=1.5), 0.5, atol=1e-6)


def test_columns(key):
    table = np.random.default_rng(0).standard_normal((50, 4)).astype(np.float32)
    shuffled = degradation.shuffle_columns(table, fraction=0.5, key=key)
    moved = (shuffled != table).any(0)
    assert moved.sum() == 2
    assert np.allclose(np.sort(shuffled, 0), np.sort(table, 0))
    shifted = degradation.shift_columns(table, fraction=0.25, offset=2, key=key) - table
    assert sorted(np.abs(shifted).mean(0).round(4)) == [0, 0, 0, 2]
    mirrored = degradation.scale_columns(table, fraction=1, factor=-1, key=key)
    assert np.array_equal(mirrored, -table)
    blank = degradation.blank_cells(table, fraction=0.5, key=key) == 0
    assert 0.4 < blank.mean() < 0.6


@pytest.mark.parametrize(
    "change",
    [
        lambda x, key: degradation.noise_inputs(x, scale=1.0, key=key),
        lambda x, key: degradation.offset_inputs(x, offset=1.0),
        lambda x, key: degradation.invert_inputs(x, low=0, high=1),
        lambda x, key: degradation.blur_images(x, sigma=1.0),
        lambda x, key: degradation.rotate_images(x, degrees=30, key=key),
        lambda x, key: degradation.shift_images(x, pixels=1, key=key),
    ],
)
def test_shape_dtype_and_draws_stay(change):
    images = np.random.default_rng(0).random((3, 6, 6, 2)).astype(np.float32)
    one, again = (change(images, jax.random.key(4)) for _ in range(2))
    assert (one.shape, one.dtype) == (images.shape, images.dtype)
    assert np.array_equal(one, again)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda k: degradation.swap_labels(TARGETS, fraction=2, key=k), "fraction: wanted a share"),
        (
            lambda k: degradation.swap_labels(TARGETS[:-1], fraction=0.1, key=k),
            "targets: wanted two",
        ),
        (
            lambda k: degradation.swap_classes(TARGETS, num_pairs=3, fraction=0.1, key=k),
            "num_pairs: wanted 1..2",
        ),
        (
            lambda k: degradation.repeat_rows(TARGETS, num_distinct=7, key=k),
            "num_distinct: wanted 1..6",
        ),
    ],
)
def test_bad_input_is_refused(key, call, message):
    with pytest.raises(ValueError, match=message):
        call(key)
