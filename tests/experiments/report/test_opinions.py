"""What is said of two opinions that agree, and of two that part."""

import json

import numpy as np
import pytest

from davinz_jax.data import Parties
from davinz_jax.semivalues import Valuation
from experiments.report.fidelity import compare_fidelity
from experiments.report.opinions import LeftOut, Opinion, beside

REGRESSION = {"kind": "kernel_regression", "kernel": "rbf", "metric": "soft_accuracy"}
NU = {"kind": "davinz", "complexity": {"output": "label"}}


def valuation(values, utility, spread=0.01):
    """Values with a standard error of about `spread`, from four draws."""
    draws = np.array(values) + spread * np.array([-1.0, 1, -1, 1])[:, None]
    names = tuple("abcd"[: len(values)])
    return Valuation("shapley", names, np.ones(len(values), int), ("u",), draws[None],
                     description={"utility": utility})  # fmt: skip


def opinion(first, second, utilities=(REGRESSION, NU)):
    pair = valuation(first, utilities[0]), valuation(second, utilities[1])
    return Opinion(*pair, utilities[1], 1.25)


def test_opinions_that_agree_are_one_sentence():
    agreed = opinion([3, 2, 1], [30, 20, 10])
    assert not agreed.parts
    assert agreed.sentences() == [
        "A second opinion, by ν, agrees with kernel regression (Spearman 1.00)."
    ]
    assert "1.2 s; second_opinion=false" in next(agreed.lines())


def test_ranks_that_differ_part():
    """Spearman of 1, 2, 3, 4 and 4, 2, 3, 1 is 1 − 6·18/60 = −.8; nobody is below zero."""
    parting, followed, advice = opinion([4, 3, 2, 1], [1, 3, 2, 4]).sentences()
    assert parting == "kernel regression and ν part: their ranks have Spearman −.80."
    kept = compare_fidelity(REGRESSION, NU)
    assert f"On {kept.num_sets} sets" in followed
    assert followed.index(f"{kept.first:.2f}"[1:]) < followed.index(f"{kept.second:.2f}"[1:])
    assert "Go by kernel regression" in advice


def test_a_player_beyond_zero_on_either_side_parts():
    found = opinion([4, 3, -1], [4, 3, 1])
    assert found.spearman == 1
    assert found.opposed == ("c",)
    assert "c is above zero by one and below it by the other" in found.sentences()[0]
    within = opinion([4, 3, -0.01], [4, 3, 1])
    assert not within.parts


def test_beside_nu_one_is_sent_to_the_default():
    said = opinion([1, 2, 3], [3, 2, 1], (NU, REGRESSION)).sentences()
    assert said[0].startswith("ν and kernel regression part")
    assert "kernel regression followed trained networks" in said[1]
    assert "utility=auto" in said[2]


def test_where_the_study_looked_at_neither_it_is_named():
    own = {"kind": "kernel_regression", "kernel": "mine", "metric": "accuracy"}
    assert "docs/fidelity.md" in opinion([1, 2, 3], [3, 2, 1], (own, NU)).sentences()[1]


def test_columns_stand_beside_the_players():
    found = opinion([3, 1, 2], [10, 30, 20])
    frame = beside(found.first.to_frame(), found, 0.95)
    assert frame["second_rank"].tolist() == [3, 1, 2]
    assert frame["second_value"].tolist() == [10, 30, 20]
    assert "second_rank" not in beside(found.first.to_frame(), None, 0.95)


def test_a_record_is_json_and_has_all():
    record = json.loads(json.dumps(opinion([1.0, 1, 1], [1, 2, 3]).record([]), allow_nan=False))
    assert record["spearman"] is None
    assert (record["kind"], record["parts"], record["seconds"]) == ("davinz", False, 1.25)


def test_rows_are_summed_by_party():
    parties = Parties(np.array([0, 1, 1]), ("x", "y"))
    found = opinion([3, 1, 1], [1, 2, 3]).by_party(parties)
    np.testing.assert_allclose(found.first.values, [3, 2])
    np.testing.assert_allclose(found.values.values, [1, 5])


@pytest.mark.parametrize("reason", ["it takes long"])
def test_what_is_left_out_is_said(reason):
    (line,) = LeftOut(reason).lines()
    assert line.startswith(f"no second opinion: {reason}")
    assert "second_opinion=true" in line
