"""Correlation of scores with trained networks: numbers and sentences, on made-up sets."""

import numpy as np
import pandas as pd
import pytest

from davinz_jax.evaluation import spearman
from davinz_jax.training import CoalitionPerformance, Performance
from experiments.report.estimates import GIVEN_SIZE, Estimates
from experiments.runtime.errors import InputError
from experiments.studies import correlation
from experiments.studies.correlation import partial_spearman

SIZES = [8, 4, 2, 1]


@pytest.fixture
def frame():
    """Two seeds of four sets; accuracy follows ν in the first, and size in both."""
    nu = [4.0, 3.0, 2.0, 1.0, 1.0, 2.0, 3.0, 4.0]
    return pd.DataFrame(
        {
            "seed": np.repeat([0, 1], 4),
            "set": [*range(4)] * 2,
            "num_rows": SIZES * 2,
            "nu_label": nu,
            "log_size": np.log(SIZES * 2),
            "accuracy": [0.9, 0.8, 0.6, 0.7, 0.9, 0.8, 0.7, 0.6],
            "minus_loss": [-1.0, -2.0, -4.0, -3.0] * 2,
            "epochs": 20,
            "settled": 1.0,
        }
    )


@pytest.fixture
def estimates(frame):
    numbers = correlation._agreements(frame, ["nu_label", "log_size"], ["accuracy", "minus_loss"])
    return Estimates.of(numbers, level=0.95)


def test_scores_and_truths_are_told_apart(frame):
    assert correlation.find_scores(frame) == ["nu_label", "log_size"]
    assert correlation.find_truths(frame) == ["accuracy", "minus_loss"]
    assert correlation.find_truths(frame.drop(columns="accuracy")) == ["minus_loss"]


def test_every_seed_has_its_correlations(frame, estimates):
    found = estimates.get("spearman", "nu_label", "accuracy")
    assert found.each == pytest.approx((0.8, -1.0))
    first = frame[frame["seed"] == 0]
    assert estimates.get("spearman", "log_size", "minus_loss").each[0] == pytest.approx(
        spearman(first["log_size"].to_numpy(), first["minus_loss"].to_numpy())
    )


def test_given_size_is_undefined_where_the_score_is_size(estimates):
    assert estimates.get(GIVEN_SIZE, "log_size", "accuracy").mean is None


def test_sentences_put_each_score_beside_size(estimates):
    size, ours = correlation._verdicts(estimates, ["nu_label", "log_size"], "accuracy")
    assert size.startswith("log size alone tracks test accuracy at Spearman 0.9")
    assert ours.startswith("ν (label): Spearman -0.10")
    assert ours.endswith("better than log size in 0 of 2 seeds")


def test_trainings_of_a_set_are_averaged():
    fits = [
        CoalitionPerformance(Performance(loss, acc), 10, settled, 0.0, 4, seconds=2.0)
        for loss, acc, settled in ((1.0, 0.5, True), (2.0, 0.9, False))
    ]
    found = correlation.mean_performances([[fits[0]], [fits[1]]], "classification")
    assert {name: each.tolist() for name, each in found.items()} == {
        "minus_loss": [-1.5], "accuracy": [0.7], "epochs": [10.0], "settled": [0.5],
        "seconds": [4.0],
    }  # fmt: skip


def test_too_few_sets_are_refused():
    with pytest.raises(InputError, match="num_sets: wanted at least 4, got 3"):
        correlation.check_sets(3)


def test_partial_correlation_by_hand():
    """Within each z, y falls as x rises: r_xy = .6, r_xz = r_yz = .894, (.6 - .8) / .2 = -1."""
    x, y, z = (np.array(v, float) for v in ([1, 2, 3, 4], [2, 1, 4, 3], [0, 0, 1, 1]))
    assert partial_spearman(x, y, z) == pytest.approx(-1.0)


def test_partial_correlation_with_the_third_itself_is_undefined():
    x, y = np.arange(4.0), np.array([0.0, 2.0, 1.0, 3.0])
    assert np.isnan(partial_spearman(x, y, x))
