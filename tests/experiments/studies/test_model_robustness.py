"""Agreement of networks: numbers and sentences, on made-up values."""

import numpy as np
import pandas as pd
import pytest

from experiments.report.estimates import Estimates, Number, OverSeeds
from experiments.studies import model_robustness
from experiments.studies.model_robustness import ALL_PAIRS, EIGENVALUE, pair_name, verdict


@pytest.fixture
def estimates():
    """One seed, four parties: b ranks as a does, c the other way round."""
    values = {"a": [1.0, 2.0, 3.0, 4.0], "b": [1.0, 2.0, 3.0, 9.0], "c": [4.0, 3.0, 2.0, 1.0]}
    parts = [
        pd.DataFrame({"seed": 5, "model": name, "value": each, EIGENVALUE: smallest})
        for (name, each), smallest in zip(values.items(), (0.1, np.nan, 0.3), strict=True)
    ]
    numbers = model_robustness._numbers(pd.concat(parts), ["value"], list(values))
    return Estimates.of(numbers, level=0.95)


def test_every_pair_agrees_as_its_ranks_do(estimates):
    assert estimates.get("spearman", "value", "a and b").mean == pytest.approx(1)
    assert estimates.get("spearman", "value", "b and c").mean == pytest.approx(-1)
    assert estimates.get("pearson", "value", pair_name(("a", "b"))).mean < 1


def test_mean_over_pairs(estimates):
    """1 - 1 - 1 over three pairs."""
    assert estimates.get("spearman", "value", ALL_PAIRS).mean == pytest.approx(-1 / 3)


def test_mean_is_undefined_if_a_pair_is():
    pairs = [Number("spearman", "value", name, 0, v) for name, v in (("x", 1.0), ("y", np.nan))]
    (mean,) = model_robustness._means(pairs)
    assert np.isnan(mean.value)
    assert mean.against == ALL_PAIRS


def test_condition_in_words(estimates):
    text = model_robustness._condition(estimates, ["a", "b", "c"], 1e-6)
    assert text == "smallest eigenvalue of the kernel + 1e-06: a 0.1, b -, c 0.3"


@pytest.mark.parametrize(
    ("limits", "text"),
    [
        ((0.9, 0.8, 1.0), "networks agree on values"),
        ((0.5, 0.2, 0.8), "networks agree weakly on values"),
        ((0.5, -0.2, 1.0), "networks do not clearly agree on values"),
        ((-0.5, None, None), "networks disagree on values"),
        ((None, None, None), "values: agreement undefined"),
    ],
)
def test_agreement_in_words(limits, text):
    assert verdict("value", OverSeeds(*limits)).startswith(text)
