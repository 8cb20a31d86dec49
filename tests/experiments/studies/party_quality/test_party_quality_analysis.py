"""Numbers of games by hand."""

import jax
import numpy as np
import pandas as pd
import pytest

from experiments.studies.party_quality import games
from experiments.studies.party_quality.analysis import (
    COMPARISONS,
    by_game,
    choose,
    compare_copies,
    copy_differences,
    mean_over_draws,
    summarise,
)
from experiments.studies.party_quality.scores import BOTH

HOW = {"key": jax.random.key(0), "num_resamples": 100, "level": 0.9}
NAMES = ("plain 0", "plain 1", "plain 2", games.ORIGINAL, games.COPY, games.PART_OF_PLAIN,
         *games.REPEATED.values())  # fmt: skip
VALUES = np.array([3.0, 4.0, 6.0, 2.0, 2.0, 1.0, 0.5, -0.5])
"""Mean size 2.375; plain parties that nobody copies from are worth 5 on average."""


def record(quality, values, role="showing", draw=0):
    """A game of three parties, or of copies."""
    return {"role": role, "data": "digits", "quality": quality, "draw": draw,
            "parties": NAMES, "party_quality": [3.0, 2.0, 1.0], "values": values}  # fmt: skip


def test_differences_of_copies_by_hand():
    found = copy_differences(NAMES, VALUES)
    assert list(found) == list(COMPARISONS)
    assert np.array(list(found.values())) * 2.375 == pytest.approx([0, -3, -2, -4.5, -5.5])


def test_copies_of_two_draws_are_averaged():
    both = [record("copies", {"size": {"Shapley": (VALUES * scale).tolist()}}) for scale in (1, 5)]
    pair = compare_copies(both, **HOW)[1]
    assert pair["comparison"] == "the pair − plain"
    assert pair["mean"] == pytest.approx(-3 / 2.375)  # whatever the unit of the values
    assert pair["low"] == pytest.approx(pair["high"])


def test_order_is_the_rank_correlation_and_0_for_a_constant():
    values = {"nu": {"Shapley": [9, 5, 7]}, "size": {"Shapley": [1, 1, 1]}}
    frame = by_game([record("labels", values), record("copies", values)])
    assert frame["spearman"].tolist() == [0.5, 0.0]
    (nu, size) = summarise(frame, **HOW)
    assert (nu["score"], nu["mean"], nu["num_draws"]) == ("nu", 0.5, 1)
    assert size["low"] == size["high"] == 0


def test_the_score_is_chosen_on_choosing_games_among_ours():
    rows = [
        ("choosing", "rbf_mse", 0.9),
        ("choosing", "ntk_mse", 0.8),
        ("showing", "ntk_mse", 1.0),
        ("choosing", "nu", 1.0),
    ]
    others = [
        ("choosing", f"{kernel}_{metric}", 0.0)
        for kernel in ("ntk", "rbf", "laplace")
        for metric in (BOTH, "soft_accuracy", "cross_entropy", "accuracy", "mse")
        if (kernel, metric) not in (("ntk", "mse"), ("rbf", "mse"))
    ]
    frame = pd.DataFrame([*rows, *others], columns=["role", "score", "spearman"])
    assert choose(frame) == "rbf_mse"


def test_intervals_are_of_resampled_draws():
    estimate = mean_over_draws(np.array([0.0, 1.0]), **HOW)
    assert estimate.value == 0.5
    assert (estimate.low, estimate.high) == (0.0, 1.0)
