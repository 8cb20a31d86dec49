"""What the two components of margins are, by hand and on drawn ones."""

import numpy as np
import pytest

from davinz_jax.detection.mixture import all_margins, fit_label_mixture, fit_mixture


def test_margins_of_all_labels_by_hand():
    """Outputs .7, .2, .1: the first leads the second by .5; the others trail the first."""
    np.testing.assert_allclose(all_margins(np.array([[0.7, 0.2, 0.1]])), [[0.5, -0.5, -0.6]])


def draw(rate, num_rows=4000, num_classes=4, seed=0):
    """Outputs that favour the true class, and labels of which a share is any other."""
    generator = np.random.default_rng(seed)
    truth = generator.integers(0, num_classes, num_rows)
    outputs = generator.normal(scale=0.3, size=(num_rows, num_classes))
    outputs += 1.5 * np.eye(num_classes)[truth]
    wrong = generator.random(num_rows) < rate
    moved = (truth + generator.integers(1, num_classes, num_rows)) % num_classes
    return outputs, np.where(wrong, moved, truth), wrong


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.3])
def test_share_of_wrong_labels_is_found_from_below(rate):
    """The least of many ratios is read, so that chance takes it down, never up."""
    outputs, labels, wrong = draw(rate)
    assert 0.8 * wrong.mean() <= fit_label_mixture(outputs, labels).share <= wrong.mean() + 0.01


def test_false_discoveries_stay_within_those_expected():
    outputs, labels, wrong = draw(0.2, seed=1)
    found = fit_label_mixture(outputs, labels)
    given = all_margins(outputs)[np.arange(len(labels)), labels]
    reached = np.flatnonzero(found.false_discoveries <= 0.1)[-1]
    dropped = given <= found.margins[reached]
    assert (~wrong[dropped]).mean() <= 0.12
    assert wrong[dropped].sum() / wrong.sum() > 0.9


def test_two_clouds_are_parted_by_hand():
    """Thirty numbers about 0 and seventy about 10: shares and means are theirs."""
    generator = np.random.default_rng(1)
    low, high = generator.normal(0, 1, 30), generator.normal(10, 1, 70)
    mixture = fit_mixture(np.concatenate([low, high]))
    assert mixture.low_share == pytest.approx(0.3, abs=1e-6)
    np.testing.assert_allclose(mixture.means, [low.mean(), high.mean()], atol=1e-4)
    np.testing.assert_allclose(mixture.deviations, [low.std(), high.std()], atol=1e-3)


def test_chance_of_the_low_component_falls():
    mixture = fit_mixture(np.concatenate([np.linspace(-1, 1, 20), np.linspace(4, 9, 30)]))
    chance = mixture.low_chance(np.linspace(-5, 15, 50))
    assert (np.diff(chance) <= 0).all()
    assert chance[0] > 0.99
    assert chance[-1] < 0.01


@pytest.mark.parametrize("numbers", [np.ones(9), np.array([0.0, 1.0])])
def test_numbers_that_tell_nothing_are_refused(numbers):
    with pytest.raises(ValueError, match="margins: wanted four numbers or more that differ"):
        fit_mixture(numbers)
