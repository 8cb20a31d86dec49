"""What methods say of coalitions, as rows, by hand."""

import numpy as np
import pandas as pd
import pytest

from davinz_jax.data import Parties
from davinz_jax.training import CoalitionPerformance, Performance
from davinz_jax.utility import FunctionUtility
from experiments.studies import parts

PARTIES = Parties(np.array([0, 1, 1, 2]), ("a", "b", "c"))
MEMBERS = np.array([[True, True, True], [False, True, True], [True, False, False]])
SIZE = FunctionUtility(len, PARTIES.names, term="size", sizes=[1, 2, 1])


def test_a_utility_has_its_terms_and_an_equal_share_of_the_time():
    score = 2 * SIZE - FunctionUtility(lambda m: float("a" in m), PARTIES.names, sizes=[1, 2, 1])
    found = parts.of_utility("ours", score, MEMBERS, PARTIES, seconds=6.0)
    assert found["coalition"].tolist() == ["all", "all but a", "a"]
    assert found["num_rows"].tolist() == [4, 3, 1]
    assert found["score"].tolist() == [5.0, 4.0, 1.0]
    assert found["size"].tolist() == [6.0, 4.0, 2.0]
    assert found["seconds"].tolist() == [2.0] * 3


def fit(accuracy, loss, converged):
    return CoalitionPerformance(Performance(loss, accuracy), 7, converged, 0.0, 1, seconds=3.0)


@pytest.fixture
def trained():
    """Two trainings of three coalitions, of which one did not settle."""
    first = [fit(0.9, 0.1, True), fit(0.8, 0.2, True), fit(0.7, 0.3, False)]
    frame = parts.of_trainings("truth", [first, first[::-1]], MEMBERS, PARTIES)
    ours = pd.DataFrame([{"method": "ours", "score": 1.0}])
    return pd.concat([frame, ours], ignore_index=True)


def test_every_training_has_its_rows(trained):
    assert trained["draw"].tolist()[:6] == [0, 0, 0, 1, 1, 1]
    assert trained["score"].tolist()[:6] == [0.9, 0.8, 0.7, 0.7, 0.8, 0.9]
    assert trained.columns.tolist()[-6:] == [
        "score", "accuracy", "loss", "epochs", "settled", "seconds",
    ]  # fmt: skip


def test_settled_share_and_time_are_of_those_that_train(trained):
    assert parts.settled_shares(trained) == {"truth": pytest.approx(4 / 6)}
    assert parts.seconds_by_method(trained.fillna({"seconds": 0}))["truth"] == 18.0
    assert parts.num_draws(trained)["truth"] == 2
    assert parts.settled_shares(trained.drop(columns="settled")) == {}


def test_regression_scores_by_minus_the_loss():
    found = parts.of_trainings("truth", [[fit(None, 0.5, True)] * 3], MEMBERS, PARTIES)
    assert found["score"].tolist() == [-0.5] * 3
