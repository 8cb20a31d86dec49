"""Corruptions: what they change, how much of it, and what they leave alone."""

from dataclasses import replace

import numpy as np
import pytest

from davinz_jax.data import (
    Parties,
    add_noise,
    add_party_noise,
    bootstrap,
    duplicate_rows,
    flip_labels,
    keep_rows,
)


def test_flipped_labels_are_wrong_and_masked(classes, key):
    flipped, mask = flip_labels(classes, fraction=0.5, key=key)
    assert mask.sum() == 6
    np.testing.assert_array_equal(mask, flipped.targets != classes.targets)
    assert set(flipped.targets) <= {0, 1, 2}
    np.testing.assert_array_equal(flipped.inputs, classes.inputs)


def test_flips_fall_evenly_on_the_other_classes(key, classes):
    """With 3 classes and 3,000 flips each other class gets 1,500, standard deviation 27."""
    many = classes.take(np.zeros(3000, np.int64))
    flipped, _ = flip_labels(many, fraction=1, key=key)
    assert abs((flipped.targets == 1).sum() - 1500) < 140
    assert (flipped.targets == 0).sum() == 0


def test_flips_stay_within_the_rows_named(classes, key):
    _, mask = flip_labels(classes, fraction=1.0, rows=np.array([2, 5]), key=key)
    assert np.flatnonzero(mask).tolist() == [2, 5]


def test_regression_targets_cannot_be_flipped(numbers, key):
    with pytest.raises(ValueError, match="wanted classes to flip, got regression data"):
        flip_labels(numbers, fraction=0.1, key=key)


@pytest.mark.parametrize("fraction", [-0.1, 1.1])
def test_fraction_must_be_a_share(classes, key, fraction):
    for corrupt in (flip_labels, duplicate_rows):
        with pytest.raises(ValueError, match=r"fraction: wanted a share in \[0, 1\]"):
            corrupt(classes, fraction=fraction, key=key)


def test_rows_must_exist(classes, key):
    with pytest.raises(ValueError, match=r"rows: wanted row numbers in 0..11, got 3..12"):
        flip_labels(classes, fraction=1.0, rows=np.array([3, 12]), key=key)


def test_noise_has_its_scale(classes, key):
    """4,000 values of standard deviation 0.3: the estimate's own deviation is 0.0034."""
    many = classes.take(np.zeros(2000, np.int64))
    noisy, mask = add_noise(many, scale=0.3, key=key)
    noise = noisy.inputs - many.inputs
    assert mask.all()
    assert noisy.inputs.dtype == np.float32
    assert abs(noise.std() - 0.3) < 0.015
    assert abs(noise.mean()) < 0.025


def test_noise_on_a_share_of_rows_within_bounds(numbers, key):
    noisy, mask = add_noise(numbers, scale=5, fraction=0.4, clip=(-1, 1), key=key)
    assert mask.sum() == 4
    np.testing.assert_array_equal(noisy.inputs[~mask], numbers.inputs[~mask])
    assert np.abs(noisy.inputs).max() <= 1.0


def test_noise_of_each_party(classes, key):
    many = classes.take(np.zeros(3000, np.int64))
    parties = Parties(np.repeat([0, 1, 2], 1000), ("a", "b", "c"))
    noisy, mask = add_party_noise(many, parties, scales=[0, 0.1, 0.4], key=key)
    spread = [(noisy.inputs - many.inputs)[parties.indices == p].std() for p in range(3)]
    np.testing.assert_allclose(spread, [0, 0.1, 0.4], rtol=0.1)
    np.testing.assert_array_equal(mask, parties.indices > 0)


def test_one_draw_is_scaled_for_each_party(classes, key):
    """Parties take rows in turn, so that the first rows of both are 0 and 1, the second 2 and 3."""
    parties = Parties(np.arange(12) % 2, ("a", "b"))
    noisy, _ = add_party_noise(classes, parties, scales=[0.1, 0.3], one_draw=True, key=key)
    noise = noisy.inputs - classes.inputs
    np.testing.assert_allclose(noise[1::2], 3 * noise[::2], rtol=1e-3, atol=1e-6)
    apart, _ = add_party_noise(classes, parties, scales=[0.1, 0.3], key=key)
    assert not np.allclose((apart.inputs - classes.inputs)[1::2], 3 * noise[::2], atol=1e-3)


def test_noise_scales_must_fit(classes, key):
    parties = Parties(np.arange(12) % 2, ("a", "b"))
    with pytest.raises(ValueError, match="scales: wanted one for each of 2 parties, got 1"):
        add_party_noise(classes, parties, scales=[0.1], key=key)
    with pytest.raises(ValueError, match="scale: wanted finite numbers >= 0, got -0.1"):
        add_noise(classes, scale=-0.1, key=key)


@pytest.mark.parametrize("clip", [(1, -1), (1,), (0, float("nan"))])
def test_limits_must_be_two_in_order(numbers, key, clip):
    with pytest.raises(ValueError, match="clip: wanted a lowest and a highest value"):
        add_noise(numbers, scale=1, clip=clip, key=key)


def test_duplicates_copy_rows_that_stay(classes, key):
    copied, mask = duplicate_rows(classes, fraction=0.25, key=key)
    assert mask.sum() == 3
    np.testing.assert_array_equal(copied.inputs[~mask], classes.inputs[~mask])
    originals = set(classes.inputs[~mask, 0])
    assert set(copied.inputs[mask, 0]) <= originals
    np.testing.assert_array_equal(copied.targets, copied.inputs[:, 0].astype(int) % 3)


def test_duplicates_need_an_original(classes, key):
    with pytest.raises(ValueError, match="fraction: wanted a row left to copy, got 1"):
        duplicate_rows(classes, fraction=1.0, key=key)
    unchanged, mask = duplicate_rows(classes, fraction=0.0, key=key)
    assert not mask.any()
    assert unchanged.sha256() == classes.sha256()


def test_corruptions_leave_the_original_alone(classes, key):
    before = classes.sha256()
    flip_labels(classes, fraction=1.0, key=key)
    add_noise(classes, scale=1.0, key=key)
    duplicate_rows(classes, fraction=0.5, key=key)
    assert classes.sha256() == before


def test_bootstrap_counts_rows_drawn(classes, key):
    counts = bootstrap(classes, num=3, sizes=[1, 12, 40], key=key)
    assert counts.shape == (3, 12)
    np.testing.assert_array_equal(counts.sum(axis=1), [1, 12, 40])
    np.testing.assert_array_equal(counts, bootstrap(classes, num=3, sizes=[1, 12, 40], key=key))


def test_bootstrap_sizes_are_drawn_evenly(classes, key):
    """Sizes uniform on 1..12 have mean 6.5 and, over 2,000 draws, standard error 0.077."""
    sizes = bootstrap(classes, num=2000, key=key).sum(axis=1)
    assert (sizes.min(), sizes.max()) == (1, 12)
    assert abs(sizes.mean() - 6.5) < 0.4


@pytest.mark.parametrize(("num", "sizes"), [(2, [3]), (1, [0]), (0, [])])
def test_bootstrap_sizes_must_fit(classes, key, num, sizes):
    with pytest.raises(ValueError, match=f"sizes: wanted {num} positive numbers, one a draw"):
        bootstrap(classes, num=num, sizes=sizes, key=key)


def test_parties_stay_with_corrupted_rows(classes, key):
    owned = replace(classes, parties=Parties(np.arange(12) % 2, ("a", "b")))
    assert flip_labels(owned, fraction=0.5, key=key)[0].parties is owned.parties


def test_kept_rows_are_as_they_were(classes):
    kept, mask = keep_rows(classes)
    assert kept is classes
    assert mask.shape == (12,)
    assert not mask.any()
