"""Times by a clock of our own, trainings counted by hand."""

import itertools

import numpy as np
import pandas as pd
import pytest

from davinz_jax.data import Dataset, Parties
from davinz_jax.data.dataset import Validation
from experiments.runtime.context import Rows
from experiments.runtime.errors import InputError
from experiments.studies import efficiency
from experiments.studies.efficiency import Timing


def test_the_second_call_counts_and_the_first_one_compiles():
    """Looks at 0, 5 and 7: the second call takes 2, compiling 3."""
    looks, calls = iter([0.0, 5.0, 7.0]), []
    assert efficiency.time_twice(lambda: calls.append(1), lambda: next(looks)) == Timing(2.0, 3.0)
    assert len(calls) == 2


def test_trainings_are_counted_by_the_rows_that_coalitions_hold():
    """Of 4 parties: 1 + 4·3/4 = 4 whole trainings; Σ_k C(4, k)·k/4 = 8."""
    found = efficiency.count_trainings(Timing(6.0, 1.0), 4, cores=2)
    assert {name: each.seconds for name, each in found.items()} == {
        "one retraining": 6.0, "leave-one-out": 12.0, "exact Shapley": 24.0,
    }  # fmt: skip
    sizes = [sum(members) / 4 for members in itertools.product([0, 1], repeat=4)]
    assert sum(sizes) == 8


def test_first_rows_are_dealt_in_turn():
    inputs = np.arange(6.0)[:, None]
    data = Dataset(inputs, np.zeros(6, int), "classification", 2, Validation(inputs))
    rows = Rows(data, Parties(np.arange(6) % 2, ("a", "b")), np.zeros(6, bool))
    few = efficiency.take_first(rows, 4, 2)
    assert few.dataset.inputs[:, 0].tolist() == [0, 1, 2, 3]
    assert few.parties.indices.tolist() == [0, 1, 0, 1]


@pytest.mark.parametrize("sizes", [[], [3, 50]])
def test_sizes_that_do_not_fit_are_refused(sizes):
    with pytest.raises(InputError, match="sizes: wanted numbers of rows from num_parties=10"):
        efficiency.check_sizes({"sizes": sizes, "num_parties": 10})


def test_sentences_say_how_many_times_as_long():
    seconds = {"davinz": 2.0, "one retraining": 10.0, "leave-one-out": 50.0, "exact Shapley": 400.0}
    frame = pd.DataFrame(
        [
            {"model": "cnn", "rows": rows, "method": m, "seconds": s * rows / 1000}
            for m, s in seconds.items()
            for rows in (500, 1000)
        ]
    )
    (sentence,) = efficiency._verdicts(efficiency.mean_seconds(frame), 10)
    assert sentence.startswith("cnn, 1,000 rows, 10 parties: DAVINZ 2.00 s; one retraining 10.0")
    assert "exact Shapley 400 s (200 times)" in sentence
