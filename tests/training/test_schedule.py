"""Schedules: the paper's numbers and refusals."""

import pytest

from davinz_jax.training import Schedule, fixed_schedule, paper_schedule


def test_paper_numbers():
    classes, numbers = paper_schedule("classification"), paper_schedule("regression")
    assert (classes.learning_rate, classes.min_epochs, classes.max_epochs) == (0.01, 50, 1000)
    assert (numbers.learning_rate, numbers.min_epochs, numbers.max_epochs) == (0.1, 1000, 3000)
    assert classes.batch_size == numbers.batch_size == 128
    fixed = fixed_schedule("regression", epochs=7)
    assert (fixed.learning_rate, fixed.min_epochs, fixed.max_epochs) == (0.1, 7, 7)


@pytest.mark.parametrize(
    "wrong",
    [{"learning_rate": -1.0}, {"batch_size": 0}, {"min_epochs": 9, "max_epochs": 8}],
)
def test_refusals(wrong):
    with pytest.raises(ValueError, match=f"{next(iter(wrong))}: wanted .*, got .*; change"):
        Schedule(**wrong)
