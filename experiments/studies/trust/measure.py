"""Sets scored and trained on until the budget ends."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from davinz_jax.types import Progress
from experiments.runtime.errors import InputError
from experiments.studies.trust.budget import Budget
from experiments.studies.trust.rule import LEAST_SETS
from experiments.studies.trust.scores import Scorer
from experiments.studies.trust.sets import DrawnSet
from experiments.studies.trust.store import Store
from experiments.studies.trust.truth import Achieved

FIRST_SEEDS = 2
"""Networks of each set in the first round, so that two trainings of it can be compared."""

WARM = 2
"""Sets after which nothing is left to be compiled."""


@dataclass
class Measured:
    """A set with what is known of it: its scores, and what each network achieves."""

    number: int
    kind: str
    made: str
    scores: dict[str, Any]
    achieved: list[Achieved]


@dataclass(frozen=True)
class Workshop:
    """What sets are made, scored and trained with.

    Attributes:
        draw: the set of a number.
        scorer: the utility.
        teach: trains a network on a set, and tests it.
        store: where results are kept.
        budget: of time.
        progress: told networks trained, networks expected, and what is going on.
    """

    draw: Callable[[int], DrawnSet]
    scorer: Scorer
    teach: Callable[[DrawnSet, int], Achieved]
    store: Store
    budget: Budget
    progress: Progress

    def measure(self, num_sets: int, num_seeds: int) -> list[Measured]:
        """Sets with two networks each, as many as fit; then more networks, while time is left.

        Args:
            num_sets: sets at most.
            num_seeds: networks on each at most.

        Raises:
            InputError: where fewer sets fit than can be judged by.
        """
        found: list[Measured] = []
        while len(found) < num_sets and self._goes_on(len(found)):
            found.append(self._timed(len(found)))
            done, left = FIRST_SEEDS * len(found), self.budget.steps_left() or 0
            expected = FIRST_SEEDS * min(num_sets, len(found) + left)
            self.progress(done, max(expected, done), "networks")
        self._check(len(found), num_sets)
        if len(found) == num_sets:
            self._add_networks(found, num_seeds)
        return found

    def _goes_on(self, done: int) -> bool:
        if done == WARM and self.budget.is_known:
            self._refuse_too_little(done)
        has_time = self.budget.left > 0 if done < WARM else self.budget.fits()
        return has_time or self._is_kept(done)

    def _is_kept(self, number: int) -> bool:
        drawn = self.draw(number)
        names = [_name(drawn, seed) for seed in range(FIRST_SEEDS)]
        return all(map(self.store.has, [_name(drawn), *names]))

    def _timed(self, number: int) -> Measured:
        if self._is_kept(number):
            return self._begin(number)
        before = self.budget.clock()
        found = self._begin(number)
        self.budget.note(self.budget.clock() - before)
        return found

    def _begin(self, number: int) -> Measured:
        drawn = self.draw(number)
        scores = self.store.find(_name(drawn), lambda: self.scorer.score(drawn))
        achieved = [self._train(drawn, seed) for seed in range(FIRST_SEEDS)]
        return Measured(number, drawn.kind, drawn.made, scores, achieved)

    def _train(self, drawn: DrawnSet, seed: int) -> Achieved:
        name = _name(drawn, seed)
        return Achieved.read(self.store.find(name, lambda: asdict(self.teach(drawn, seed))))

    def _add_networks(self, found: list[Measured], num_seeds: int) -> None:
        wanted = [(each, seed) for seed in range(FIRST_SEEDS, num_seeds) for each in found]
        for done, (each, seed) in enumerate(wanted, start=1):
            drawn = self.draw(each.number)
            if not (self.budget.fits() or self.store.has(_name(drawn, seed))):
                return
            each.achieved.append(self._train(drawn, seed))
            left = FIRST_SEEDS * (self.budget.steps_left() or 0)
            self.progress(done, min(len(wanted), done + left), "further networks")

    def _refuse_too_little(self, done: int) -> None:
        """Refuse at once a budget that will not reach, by what a set takes."""
        needed = self.budget.spent + (LEAST_SETS - done) * self.budget.expected
        if needed > 1.2 * self.budget.seconds:
            raise too_little(self.budget, needed, done)

    def _check(self, done: int, num_sets: int) -> None:
        if done < min(LEAST_SETS, num_sets):
            needed = self.budget.spent + (LEAST_SETS - done) * self.budget.expected
            raise too_little(self.budget, needed, done)


def is_complete(found: list[Measured], num_sets: int, num_seeds: int) -> bool:
    """Whether as much was trained as may be."""
    return len(found) == num_sets and all(len(each.achieved) == num_seeds for each in found)


def too_little(budget: Budget, needed: float, done: int) -> InputError:
    """What is said of a budget in which too few sets can be trained on."""
    return InputError(
        f"minutes: wanted time for {LEAST_SETS} sets with {FIRST_SEEDS} networks each, about "
        f"{1.1 * needed / 60:.1f} minutes here, got {budget.seconds / 60:g}, enough for {done}; "
        "what was trained is kept: go on with resume=DIR, its folder, and more minutes"
    )


def _name(drawn: DrawnSet, seed: int | None = None) -> str:
    stem = drawn.name.replace(" ", "-")
    return f"{stem}-score" if seed is None else f"{stem}-{seed}"
