"""Draws of the protocol: sizes, what is made wrong, and that seeds decide all."""

import jax
import numpy as np
import pytest

from experiments.studies.detection_benchmark.draws import (
    Pool,
    make_draws,
    part_sizes,
    read_pool,
    spoil,
)
from experiments.studies.detection_benchmark.specs import Piece

KEY = jax.random.key(0)


@pytest.fixture
def pool():
    """200 rows of five classes."""
    inputs = np.random.default_rng(0).normal(size=(200, 3)).astype(np.float32)
    return Pool(inputs, np.arange(200) % 5)


@pytest.mark.parametrize(
    ("num_rows", "wanted"),
    [(4100, (1000, 100, 3000)), (4099, (1000, 100, 2999)), (1000, (540, 100, 360))],
)
def test_sizes_are_the_protocols(num_rows, wanted):
    assert part_sizes(num_rows) == wanted


def test_wrong_labels_are_other_classes_and_inputs_stay(pool):
    rows = np.arange(100)
    spoilt, is_wrong = spoil(pool, rows, "label", 0.2, KEY)
    assert is_wrong.sum() == 20
    assert ((spoilt.targets != pool.targets[:100]) == is_wrong).all()
    assert set(spoilt.targets) <= set(range(5))
    assert (spoilt.inputs == pool.inputs[:100]).all()


def test_noisy_inputs_have_noise_of_one_and_labels_stay(pool):
    rows = np.arange(200)
    spoilt, is_wrong = spoil(pool, rows, "feature", 0.5, KEY)
    noise = (spoilt.inputs - pool.inputs)[is_wrong]
    assert (spoilt.inputs[~is_wrong] == pool.inputs[~is_wrong]).all()
    assert noise.std() == pytest.approx(1, abs=0.15)
    assert (spoilt.targets == pool.targets).all()


def test_mixtures_are_half_of_each(pool):
    spoilt, is_wrong = spoil(pool, np.arange(200), "mixed", 0.2, KEY)
    relabelled = spoilt.targets != pool.targets
    shaken = (spoilt.inputs != pool.inputs).any(1)
    assert (relabelled.sum(), shaken.sum()) == (20, 20)
    assert not (relabelled & shaken).any()
    assert ((relabelled | shaken) == is_wrong).all()


def test_wrong_numbers_are_those_of_other_wrong_rows(pool):
    numbers = Pool(pool.inputs, np.random.default_rng(1).normal(size=200))
    spoilt, is_wrong = spoil(numbers, np.arange(200), "label", 0.1, KEY)
    assert (spoilt.targets[is_wrong] != numbers.targets[is_wrong]).all()
    assert sorted(spoilt.targets) == sorted(numbers.targets)


def test_2dplanes_follow_their_formula():
    found = read_pool("2dplanes")
    assert found.targets.mean() == pytest.approx(0.5, abs=0.02)
    best = np.argsort(-np.abs(np.corrcoef(found.inputs.T, found.targets)[-1, :-1]))
    assert best[0] == 0  # the sign of x1 moves y by 6
    np.testing.assert_allclose(found.inputs.std(0), 1, atol=1e-3)


def test_a_seed_decides_a_draw_whose_rates_share_their_rows():
    piece = Piece("fried", 3, ("label",), (0.1, 0.2), shrink=20)
    first, again = make_draws(piece), make_draws(piece)
    for place, draw in first.items():
        assert (draw.dataset.targets == again[place].dataset.targets).all()
    low, high = first["label", 0.1], first["label", 0.2]
    assert (low.dataset.inputs == high.dataset.inputs).all()
    assert (low.is_wrong.sum(), high.is_wrong.sum()) == (5, 10)
    other = make_draws(Piece("fried", 4, ("label",), (0.1,), shrink=20))["label", 0.1]
    assert not np.array_equal(other.dataset.inputs, low.dataset.inputs)


def test_images_are_seen_as_components_of_the_rows_judged():
    draw = make_draws(Piece("digits", 0, ("label",), (0.1,), shrink=8))["label", 0.1]
    rows, validation, test = draw.columns
    assert rows.shape == (125, 32)
    assert validation.shape[1] == test.shape[1] == 32
    assert rows[:, 0].std(ddof=1) == pytest.approx(1)
