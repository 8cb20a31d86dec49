"""Skill by hand, and its error as labels dealt at random many times have it."""

import numpy as np
import pytest

from experiments.studies.trust.skill import measure_skill


def test_two_classes_by_hand():
    """Of 4 rows 3 are right; shares (1/2, 1/2) given and (1/4, 3/4) own bring 1/2 by chance."""
    found = measure_skill(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1]), "classification")
    assert found.value == pytest.approx(0.75 - 0.5)
    # Σqp = 1/2, Σqp² = 5/16, Σq²p = 1/4: (1/2 − 5/16 − 1/4 + 1/4) / 3
    assert found.error == pytest.approx(np.sqrt((1 / 2 - 5 / 16) / 3))


@pytest.mark.parametrize("constant", [0, 1, 2])
def test_who_says_one_class_to_all_has_none(constant):
    targets = np.array([0, 0, 0, 1, 2, 2])
    found = measure_skill(np.full(6, constant), targets, "classification")
    assert found.value == pytest.approx(0)
    assert found.error == pytest.approx(0)


def test_error_is_that_of_labels_dealt_at_random():
    generator = np.random.default_rng(0)
    predicted, targets = generator.choice(3, 40, p=[0.6, 0.3, 0.1]), generator.integers(3, size=40)
    dealt = [
        measure_skill(predicted, generator.permutation(targets), "classification")
        for _ in range(4000)
    ]
    values = np.array([each.value for each in dealt])
    assert abs(values.mean()) < 0.005
    assert values.std() == pytest.approx(dealt[0].error, rel=0.05)


def test_of_numbers_it_is_the_correlation():
    targets = np.array([0.0, 1.0, 2.0, 3.0, 4.0])
    assert measure_skill(2 * targets - 7, targets, "regression").value == pytest.approx(1)
    assert measure_skill(-targets, targets, "regression").error == pytest.approx(0.5)
    assert measure_skill(np.ones(5), targets, "regression").value == 0
