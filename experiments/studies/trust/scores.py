"""What is said of a set before anything is trained on it.

The utility that `value` would use, made by the same code, and what costs next to nothing.
"""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from omegaconf import OmegaConf
from rich.console import Console
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

from davinz_jax import Dataset, Parties
from experiments.report.all_rows import score_all_rows
from experiments.runtime import compose, usage
from experiments.runtime.auto import Resolved
from experiments.runtime.compose import Components
from experiments.runtime.console import Stages
from experiments.runtime.context import Rows
from experiments.studies.trust.sets import DrawnSet

UTILITY, SET_SCORE, KNN, LINEAR, SIZE = "utility", "set_score", "knn", "linear", "size"
NEIGHBOURS = 5

NAMES = {
    SET_SCORE: "the same utility as a score of whole sets",
    KNN: f"{NEIGHBOURS} nearest neighbours",
    LINEAR: "logistic or ridge regression",
    SIZE: "number of distinct rows",
}
"""What scores beside the utility are called."""

PREDICTORS = (UTILITY, KNN, LINEAR)
"""Scores whose calibration is drawn."""


def name_of(name: str, content: Mapping[str, Any]) -> str:
    """A score in few words; the sentence says what the utility is made of."""
    return content["utility"].partition(" (")[0] if name == UTILITY else NAMES[name]


@dataclass(frozen=True)
class Scorer:
    """The utility of a configuration, for sets.

    Attributes:
        components: what makes it.
        values_rows: whether rows are the players.
        needs_kappa: whether its two costs are weighed once all sets are known, as in Eqn (4).
    """

    components: Components
    values_rows: bool
    needs_kappa: bool

    @classmethod
    def of(cls, choice: Resolved, *, values_rows: bool) -> "Scorer":
        """The scorer of a configuration without `auto`."""
        settings, utility = choice.settings, choice.settings["utility"]
        needs_kappa = usage.kind_of(utility) == "davinz" and utility.get("kappa") is None
        if needs_kappa:
            settings = settings | {"utility": utility | {"kappa": 1.0}}
        made = compose.components(OmegaConf.create(settings))
        made = made if choice.uses_network else made.without_network()
        return cls(made, values_rows, needs_kappa)

    def score(self, drawn: DrawnSet) -> dict[str, Any]:
        """Scores of a set, larger better; `terms` are those of the utility."""
        dataset = drawn.dataset
        halves = Parties(np.arange(len(dataset)) % 2, ("one half", "the other"))
        rows = Rows(dataset, halves, np.zeros(len(dataset), bool))
        quiet = Stages(Console(quiet=True))
        context = self.components.context(rows, quiet, values_rows=self.values_rows)
        utility = self.components.utility(context.ingredients)
        terms = np.asarray(utility.grand()).mean(1).tolist()
        whole = score_all_rows(utility, dataset.task)
        found: dict[str, Any] = {"terms": terms} | rivals(dataset)
        found[SIZE] = float(np.log(drawn.num_distinct))
        return found | ({} if whole is None else {SET_SCORE: float(whole.value)})

    def weigh(self, terms: np.ndarray) -> np.ndarray:
        """The utility of sets from its terms (sets, terms), κ the mean over the sets."""
        if not self.needs_kappa:
            return terms.sum(1)
        costs = -terms
        kappa = costs[:, 1].mean() / max(costs[:, 0].mean(), np.finfo(float).tiny)
        return -(kappa * costs[:, 0] + costs[:, 1])


def rivals(dataset: Dataset) -> dict[str, float]:
    """Accuracy, or R², on the scoring rows of cheap models of raw inputs."""
    held = dataset.validation
    own, other = (each.reshape(len(each), -1) for each in (dataset.inputs, held.inputs))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that 300 steps were not enough, on a set that is nonsense
        return {
            name: float(model.fit(own, dataset.targets).score(other, held.targets))
            for name, model in _models(dataset).items()
        }


def _models(dataset: Dataset) -> Mapping[str, Any]:
    near = min(NEIGHBOURS, len(dataset))
    if dataset.task == "regression":
        return {KNN: KNeighborsRegressor(near), LINEAR: Ridge()}
    one_class = len(np.unique(dataset.targets)) < 2
    linear = DummyClassifier() if one_class else LogisticRegression(max_iter=300)
    return {KNN: KNeighborsClassifier(near), LINEAR: linear}
