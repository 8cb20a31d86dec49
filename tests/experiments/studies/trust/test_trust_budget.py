"""A budget of time by a clock of our own."""

import pytest

from experiments.studies.trust.budget import Budget


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_what_was_spent_before_is_spent(clock):
    budget = Budget(100, before=30, clock=clock)
    clock.now = 20
    assert budget.spent == 50
    assert budget.left == 42  # some is kept for what comes after
    assert Budget(100, began=-10, clock=clock).spent == 30


def test_a_step_fits_if_the_longest_of_late_would(clock):
    budget = Budget(100, clock=clock)
    for seconds in (50, 9, 4, 5):  # the first one compiled
        budget.note(seconds)
    assert budget.expected == 9
    clock.now = 83
    assert budget.fits()
    clock.now = 84
    assert not budget.fits()
    assert budget.steps_left() == 0


def test_before_any_step_that_of_the_run_before_is_expected(clock):
    assert Budget(100, clock=clock).steps_left() is None
    budget = Budget(100, before=60, first=40, clock=clock)
    assert not budget.fits()
    budget.note(2)
    assert budget.fits()
