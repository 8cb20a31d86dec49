"""Whether a value rises with a dose: numbers and sentences, on made-up values."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from davinz_jax.data import Dataset, Parties
from davinz_jax.data.dataset import Validation
from experiments.report.estimates import ORDERED, Estimates, OverSeeds
from experiments.runtime.context import Rows
from experiments.runtime.errors import InputError
from experiments.studies import properties
from experiments.studies.properties import Property, verdict

PARTIES = Parties(np.array([0, 1, 1, 2, 2, 2]), ("a", "b", "c"))
SIZE = Property("size", "rows", 1, doses=lambda parties: parties.sizes.tolist())


def test_numbers_by_hand():
    """Values 1 2 3 of doses 1 2 4 rise; 3 1 2 have one pair of three in order, ρ = -1/2."""
    frame = pd.DataFrame(
        {
            "seed": [0, 0, 0, 1, 1, 1],
            "dose": [4.0, 1.0, 2.0, 1.0, 2.0, 4.0],
            "value": [3.0, 1.0, 2.0, 3.0, 1.0, 2.0],
        }
    )
    estimates = Estimates.of(properties._numbers(frame, ["value"], SIZE), level=0.95)
    assert estimates.get("spearman", "value", "size").each == pytest.approx((1.0, -0.5))
    assert estimates.get(ORDERED, "value", "size").each == pytest.approx((1.0, 1 / 3))
    falling = Estimates.of(
        properties._numbers(frame, ["value"], replace(SIZE, sign=-1)), level=0.95
    )
    assert falling.get(ORDERED, "value", "size").each == pytest.approx((0.0, 2 / 3))


def test_rows_of_the_table_are_doses():
    frame = pd.DataFrame({"seed": [0, 0], "dose": [1.0, 2.0], "value": [0.5, -1.0], "num_rows": 9})
    assert list(properties._rows(frame, ["value"], 0.95)) == [
        ["1", "+0.5000", "9"], ["2", "-1.0000", "9"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("doses", "text"),
    [([1.0, 2.0], "wanted one for each of 3 parties, got 2"), ([2.0] * 3, "got 2 for all")],
)
def test_doses_that_do_not_fit(doses, text):
    with pytest.raises(InputError, match=text):
        properties.check_doses(SIZE, np.array(doses), PARTIES)


def test_data_are_prepared_where_the_question_says_how(key):
    inputs = np.zeros((6, 2), np.float32)
    dataset = Dataset(inputs, np.zeros(6, int), "classification", 2, Validation(inputs))
    rows = Rows(dataset, PARTIES, np.zeros(6, bool))
    assert properties.prepare(SIZE, rows, key) is rows

    def raise_by_one(dataset, parties, key):
        return replace(dataset, inputs=dataset.inputs + 1)

    noisy = properties.prepare(replace(SIZE, prepare=raise_by_one), rows, key)
    assert (noisy.dataset.inputs == 1).all()
    assert noisy.parties is PARTIES


@pytest.mark.parametrize(
    ("sign", "limits", "text"),
    [
        (1, (0.9, 0.8, 1.0), "value rises with size"),
        (-1, (-0.9, -1.0, -0.8), "value falls with size"),
        (1, (0.5, 0.2, 0.8), "value rises weakly with size"),
        (1, (0.5, -0.2, 1.0), "value does not clearly rise with size"),
        (1, (-0.9, -1.0, -0.8), "value does not: it falls with size"),
        (1, (None, None, None), "value does not change with size"),
    ],
)
def test_property_in_words(sign, limits, text):
    question = replace(SIZE, sign=sign)
    in_order = OverSeeds(1.0, each=(1.0, 1.0, 1.0))
    sentence = verdict(question, "value", OverSeeds(*limits), in_order)
    assert sentence.startswith(text)
    assert sentence.endswith("pairs in order 1.00 (3 seeds)")
