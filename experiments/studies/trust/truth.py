"""The truth about a set: what networks trained on it achieve on rows that nothing else saw."""

from dataclasses import dataclass, replace
from typing import Any

import jax
import numpy as np
from jaxtyping import Num

from davinz_jax import Dataset
from davinz_jax.types import PRNGKey
from experiments.runtime.network import Model
from experiments.studies.fidelity.learning import (
    Learner,
    Part,
    Training,
    fit_network,
    predict_rows,
)
from experiments.studies.trust.sets import DrawnSet, Parts
from experiments.studies.trust.skill import Skill, measure_skill

TABLE = Training(max_epochs=150, patience=15, by_accuracy=True)
IMAGE = Training(max_epochs=100, by_accuracy=True)


@dataclass(frozen=True)
class Achieved:
    """What one trained network achieves on the test rows.

    Attributes:
        accuracy: share of classes that are right; of numbers R².
        skill: what of it is beyond label frequencies.
        epochs: epochs trained.
    """

    accuracy: float
    skill: Skill
    epochs: int

    @classmethod
    def read(cls, kept: dict[str, Any]) -> "Achieved":
        """From what `asdict` gave and a file holds."""
        return cls(kept["accuracy"], Skill(**kept["skill"]), kept["epochs"])


@dataclass(frozen=True)
class Teacher:
    """What is trained on sets, and tested.

    Attributes:
        model: the network to be; each training starts from a draw of its own, or from imported
            weights.
        learner: the network.
        sample: the base rows, whose shape a network starts from.
        stopping: rows that end trainings.
        test: rows that give the truth.
        centre: of numbers to be learnt; 0 for classes.
        scale: their deviation; 1 for classes.
        key: decides starts and orders.
    """

    model: Model
    learner: Learner
    sample: Dataset
    stopping: Part
    test: Part
    centre: float
    scale: float
    key: PRNGKey

    @classmethod
    def of(cls, model: Model, parts: Parts, *, rate: float, key: PRNGKey) -> "Teacher":
        """The teacher for rows of a data set."""
        base = parts.base
        training = TABLE if base.inputs.ndim == 2 else IMAGE
        learner = Learner(model.module(base), training, rate, base.task)
        centre, scale = 0.0, 1.0
        if base.task == "regression":
            centre, scale = float(base.targets.mean()), float(base.targets.std())
        made = cls(model, learner, base, parts.stopping, parts.test, centre, scale, key)
        return replace(made, stopping=made._scaled(parts.stopping), test=made._scaled(parts.test))

    def train(self, drawn: DrawnSet, seed: int) -> Achieved:
        """Train one network on a set, and test it."""
        start, order = jax.random.split(jax.random.fold_in(self.key, seed))
        variables = self.model.variables(self.learner.module, self.sample, 1, start)[0]
        rows = self._scaled(Part(drawn.dataset.inputs, drawn.dataset.targets))
        trained = fit_network(self.learner, variables, rows, self.stopping, key=order)
        predicted = predict_rows(self.learner, trained.variables, self.test.inputs)
        skill = measure_skill(predicted, self.test.targets, self.learner.task)
        return Achieved(self._accuracy(predicted), skill, trained.epochs)

    def _accuracy(self, predicted: Num[np.ndarray, " m"]) -> float:
        """Share of test rows that are right; of numbers R²."""
        targets = self.test.targets
        if self.learner.task == "classification":
            return float((predicted == targets).mean())
        return float(1 - np.square(predicted - targets).mean() / targets.var())

    def _scaled(self, part: Part) -> Part:
        if self.learner.task == "classification":
            return part
        targets: Num[Any, " m"] = (part.targets - self.centre) / self.scale
        return Part(part.inputs, targets.astype(np.float32))
