"""Scores of a game against their definitions."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from davinz_jax import kernel_regression_utility
from davinz_jax.semivalues import shapley
from experiments.studies.party_quality.games import make_game
from experiments.studies.party_quality.scores import (
    BOTH,
    KERNELS,
    SHAPLEY,
    logistic_utilities,
    with_sums,
)
from experiments.studies.party_quality.specs import Spec
from experiments.studies.party_quality.validation import value_by_rows

SPEC = Spec("digits", "labels", 0, None, rows=2, validation=4, num_initialisations=1)


def test_logistic_regression_of_a_coalition_is_sklearns_on_its_rows():
    game = make_game(SPEC)
    made = logistic_utilities(game)
    data, rows = game.dataset, np.isin(game.parties.indices, (1, 4))
    flat = data.inputs.reshape(len(data.inputs), -1)
    model = LogisticRegression(max_iter=300).fit(flat[rows], data.targets[rows])
    others = data.validation.inputs.reshape(40, -1)
    members = np.isin(np.arange(8), (1, 4))[None]
    hits = model.score(others, data.validation.targets)
    assert made["logistic"].coalitions(members).item() == pytest.approx(hits)
    chances = model.predict_proba(others)[np.arange(40), data.validation.targets].mean()
    assert made["logistic_soft"].coalitions(members).item() == pytest.approx(chances)


def test_more_validation_rows_are_the_same_rows_and_others():
    """On as many rows as there are, the values are those of the metric itself."""
    few, both = (value_by_rows(SPEC, counts, None) for counts in ((4,), (2, 4)))
    assert both["quality"] == few["quality"]
    for metric in ("accuracy", "soft_accuracy"):
        assert both["values"][metric]["40"] == pytest.approx(few["values"][metric]["40"])
        assert both["values"][metric]["20"] != both["values"][metric]["40"]


def test_values_by_a_sum_of_metrics_are_those_of_a_utility_that_measures_it():
    """Semivalues are linear, so that no game is valued again."""
    game = make_game(SPEC)
    by_metric = {
        metric: shapley(
            kernel_regression_utility(
                None, game.dataset, game.parties, key=game.key, kernel="rbf", metric=metric
            )
        ).values
        for metric in ("soft_accuracy", "mse", BOTH)
    }
    values = {
        f"{kernel}_{name}": {SHAPLEY: by_metric[name].tolist()}
        for kernel in KERNELS
        for name in ("soft_accuracy", "mse")
    }
    found = with_sums(values, game.dataset.num_classes)
    np.testing.assert_allclose(found[f"rbf_{BOTH}"][SHAPLEY], by_metric[BOTH], atol=1e-12)
