"""A run of two parties and of four rows, small enough to be looked at."""

import jax
import numpy as np

from davinz_jax import MLP, Dataset, Ingredients, Parties, leave_one_out
from davinz_jax.data import Validation, partition_rows
from experiments.report.values import Run
from experiments.runtime.context import Context

PARTIES = Parties(np.array([0, 0, 1, 1]), ("a", "b"))


def make_run(values_rows):
    inputs = np.array([[0, 1], [1, 0], [1, 1], [3, 0]], np.float32)
    validation = Validation(inputs + 0.5, np.array([0, 1, 1, 0]))
    dataset = Dataset(
        inputs,
        np.array([0, 1, 1, 0]),
        "classification",
        2,
        validation,
        class_names=("well", "sick"),
    )
    players = partition_rows(dataset)[1] if values_rows else PARTIES
    key = jax.random.key(0)
    ingredients = Ingredients(MLP((4,), 2), dataset, players, key=key, num_initialisations=2)
    corrupted = np.array([False, False, True, False])
    context = Context(dataset, PARTIES, corrupted, {}, ingredients, lambda *_: None)
    utility = ingredients.davinz()
    return Run(context, utility, leave_one_out(utility), {"utility": 1.0}, 3)
