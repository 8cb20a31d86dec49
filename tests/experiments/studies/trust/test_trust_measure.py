"""Sets and networks within a budget, by a clock of our own and networks that are made up."""

from dataclasses import dataclass

import pytest

from experiments.runtime.errors import InputError
from experiments.studies.trust.budget import Budget
from experiments.studies.trust.measure import Workshop, is_complete
from experiments.studies.trust.skill import Skill
from experiments.studies.trust.store import Store
from experiments.studies.trust.truth import Achieved


@dataclass(frozen=True)
class Drawn:
    """As much of a set as is looked at."""

    number: int
    kind: str = "clean"
    made: str = "random rows"

    @property
    def name(self):
        return f"{self.number:03d}"


class World:
    """A clock that networks move on; the first one, which compiles, by more."""

    def __init__(self, folder, minutes=1.0, *, context="a", seconds=1.0):
        self.now, self.trained, self.seconds = 0.0, 0, seconds
        self.budget = Budget(60 * minutes, clock=lambda: self.now)
        self.store = Store(folder, context, self.budget)

    def score(self, drawn):
        return {"terms": [float(drawn.number)]}

    def teach(self, drawn, seed):
        self.now += self.seconds + (10 if self.trained == 0 else 0)
        self.trained += 1
        return Achieved(drawn.number / 100 + seed / 1000, Skill(0.1, 0.01), 3)

    def measure(self, num_sets, num_seeds=2):
        self.store.refuse_others()
        self.store.go_on()
        shop = Workshop(Drawn, self, self.teach, self.store, self.budget, lambda *_: None)
        return shop.measure(num_sets, num_seeds)


def accuracies(found):
    return [[one.accuracy for one in each.achieved] for each in found]


def test_sets_are_added_until_the_time_is_used(tmp_path):
    world = World(tmp_path)
    found = world.measure(400)
    assert len(found) == 22  # 55 s: ten to compile, two for each
    assert 53 < world.now < 60
    assert not is_complete(found, 400, 2)


def test_once_all_sets_are_there_networks_are_added(tmp_path):
    world = World(tmp_path)
    found = world.measure(12, 4)
    counts = [len(each.achieved) for each in found]
    assert set(counts) == {3, 4}
    assert world.now < 60
    world = World(tmp_path, minutes=5)
    assert is_complete(world.measure(12, 4), 12, 4)


def test_a_killed_run_goes_on_and_what_it_spent_is_spent(tmp_path):
    whole = World(tmp_path / "whole")
    expected = whole.measure(400)
    killed = World(tmp_path / "killed", minutes=0.6)
    done = killed.measure(400)
    (tmp_path / "killed" / f"{len(done) - 1:03d}-1-a.json").unlink()
    again = World(tmp_path / "killed")
    found = again.measure(400)
    assert again.budget.before == killed.now - 1
    assert again.trained < whole.trained - 2 * len(done) + 5
    assert len(found) < len(expected)  # it had to compile again
    assert accuracies(found) == accuracies(expected)[: len(found)]
    assert again.budget.spent < 60


def test_too_little_time_is_refused_at_once_and_what_was_trained_is_kept(tmp_path):
    world = World(tmp_path, seconds=30.0)
    with pytest.raises(InputError, match=r"minutes: wanted time for 10 sets .* got 1, enough for"):
        world.measure(400)
    assert world.trained <= 4
    assert list(tmp_path.glob("*.json"))


def test_a_folder_of_another_run_is_refused(tmp_path):
    World(tmp_path).measure(10)
    with pytest.raises(InputError, match="resume: wanted the folder of a run on the same data"):
        World(tmp_path, context="b").measure(10)
