"""What a baseline is given, whole: whoever is to be valued, and the network it may look at."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from flax import linen as nn
from jaxtyping import Float, Int, Num

from davinz_jax.data.checks import require_numbers
from davinz_jax.data.dataset import Dataset, Parties
from davinz_jax.mmd import Bandwidth
from davinz_jax.models import features
from davinz_jax.training import Schedule, fixed_schedule, train
from davinz_jax.types import PRNGKey, Progress, Variables
from davinz_jax.utility import Ingredients

ROWS_IN_PASS = 256


@dataclass(frozen=True)
class BaselineContext:
    """Who is valued, on what, and how networks are trained for it.

    A baseline is a function of a context and of its own keywords; it gives a `Valuation`.

    Attributes:
        ingredients: data, parties, and the network with its first draw, where trainings start.
        key: decides the order of rows in training, and whatever else a baseline draws.
        schedule: how networks are trained; the paper's rates for 300 epochs if None.
        trained_variables: the network trained on all rows, if it is at hand.
        folder: where finished trainings are kept, so that a killed run resumes; None for nowhere.
        num_trainings: networks that a coalition's performance is the mean over, each from the next
            draw of the network and with an order of rows of its own.
        progress: told steps done, steps in all, and the stage.

    Raises:
        ValueError: for ids of tokens, which most baselines would take for numbers, or no network.
    """

    ingredients: Ingredients
    key: PRNGKey
    schedule: Schedule | None = None
    trained_variables: Variables | None = None
    folder: Path | None = None
    num_trainings: int = 1
    progress: Progress | None = None

    def __post_init__(self) -> None:
        require_numbers(self.dataset, "baselines")
        if self.num_trainings < 1:
            raise ValueError(
                f"num_trainings: wanted at least one network a coalition, got {self.num_trainings}"
                "; 5 average out much of one network's luck"
            )

    @property
    def dataset(self) -> Dataset:
        """The rows, and their validation set."""
        return self.ingredients.dataset

    @property
    def parties(self) -> Parties:
        """The party of each row."""
        return self.ingredients.parties

    @property
    def module(self) -> nn.Module:
        """The network."""
        return self.ingredients.module

    @property
    def variables(self) -> Variables:
        """The network before training."""
        return self.ingredients.initialisations[0]

    @property
    def training(self) -> Schedule:
        """How networks are trained."""
        return self.schedule or fixed_schedule(self.dataset.task)

    @property
    def bandwidth(self) -> Bandwidth:
        """σ of the discrepancy, in the unit of the inputs."""
        return self.ingredients.discrepancy_cost().bandwidths[0]

    @cached_property
    def trained(self) -> Variables:
        """The network trained on all rows: the one at hand, else trained when first asked for."""
        if self.trained_variables is not None:
            return self.trained_variables
        return train(
            self.module,
            self.variables,
            self.dataset,
            schedule=self.training,
            key=self.key,
            progress=self.progress,
        ).variables

    @property
    def has_asked_for_training(self) -> bool:
        """Whether somebody has looked at the trained network."""
        return "trained" in vars(self)

    def features(self, inputs: Num[np.ndarray, "n ..."]) -> Float[np.ndarray, "n d"]:
        """The trained network's logits of rows; for regression the inputs of its last layer."""
        if self.dataset.task == "regression":
            return np.asarray(features(self.module, self.trained, inputs))
        parts = np.array_split(inputs, max(-(-len(inputs) // ROWS_IN_PASS), 1))
        apply = self.ingredients.apply
        return np.concatenate([np.asarray(apply(self.trained, part)) for part in parts])

    @property
    def validation_targets(self) -> Num[np.ndarray, " m"]:
        """Targets of the validation rows.

        Raises:
            ValueError: if they are not known.
        """
        if self.dataset.validation.targets is None:
            raise ValueError(
                "dataset: wanted known targets of the validation set, got none; leave this "
                "baseline out, or give validation_targets"
            )
        return self.dataset.validation.targets

    @property
    def validation_classes(self) -> Int[np.ndarray, " m"]:
        """Classes of the validation rows.

        Raises:
            ValueError: if the task is regression, or they are not known.
        """
        if self.dataset.task != "classification":
            raise ValueError("dataset: wanted classes, got a regression; leave this baseline out")
        return self.validation_targets
