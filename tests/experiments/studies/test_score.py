"""A new party beside a saved run: what is frozen, how rows are joined, what is told."""

from pathlib import Path

import numpy as np
import pytest

from davinz_jax.data import Dataset, Parties, Validation
from davinz_jax.linalg import NotPositiveDefiniteError
from davinz_jax.semivalues import NewParty, Valuation
from experiments.runtime.auto import read_choice
from experiments.runtime.context import Rows
from experiments.runtime.errors import InputError
from experiments.studies import score
from experiments.studies.score import Score, freeze, join, with_kernel


@pytest.fixture
def rows():
    data = Dataset(np.eye(4), np.array([0, 1, 0, 1]), "classification", 2, Validation(np.eye(4)))
    return Rows(data, Parties(np.array([0, 0, 1, 1]), ("a", "b")), np.zeros(4, bool))


def test_new_rows_come_last_as_a_party_of_their_own(rows):
    joined = join(rows, 2 * np.eye(4)[:3], np.array([1, 1, 0]), "c")
    assert joined.parties.names == ("a", "b", "c")
    assert joined.parties.indices.tolist() == [0, 0, 1, 1, 2, 2, 2]
    np.testing.assert_array_equal(joined.dataset.inputs[4:], 2 * np.eye(4)[:3])
    assert joined.dataset.targets.tolist() == [0, 1, 0, 1, 1, 1, 0]
    assert len(joined.corrupted) == 7


def test_joining_refuses_what_does_not_fit(rows):
    with pytest.raises(ValueError, match="name"):
        join(rows, np.eye(4), np.zeros(4, int), "a")
    with pytest.raises(ValueError, match="shape"):
        join(rows, np.eye(3), np.zeros(3, int), "c")
    with pytest.raises(ValueError, match="classes"):
        join(rows, np.eye(4), np.full(4, 2), "c")


def test_rows_far_from_the_runs_are_refused_with_what_can_be_done():
    """A kernel of 1e6 in float32 is known to 0.1, beside which a ridge of 1e-4 is nothing."""
    with (
        pytest.raises(InputError, match=r"rows in new.csv .* -0.001; .* a ridge of 0.2 "),
        score._refusing_far_rows(Path("new.csv")),
    ):
        raise NotPositiveDefiniteError(-1e-3, 1e6, 1e-4)


def earlier(described=None, **changes):
    config = {"players": "parties", "mmd": {"features": "inputs"}, "utility": {"_target_": "nu"},
              "kernel": {"_args_": ["ntk"]}, "ntk": {"ridge": 1e-4}}  # fmt: skip
    return {"config": config | changes, "kappa": 0.25, "bandwidth": 3.0, "utility": described}


def test_what_the_run_calibrated_is_written_in_as_numbers():
    saved = earlier()
    assert freeze(saved) == saved["config"] | {
        "mmd": {"features": "inputs", "bandwidth": 3.0},
        "utility": {"_target_": "nu", "kappa": 0.25},
    }
    assert saved == earlier()


def regression(**changes):
    described = {"kernel": "laplace", "ridge": 0.5, "bandwidth": 7.0, "temperature": 0.1}
    groups = {
        "utility": {"_target_": "davinz_jax.Ingredients.confidence", "temperature": "auto"},
        "kernel": {"_args_": ["laplace"], "bandwidth": "median"},
        "ntk": {"ridge": "auto", "ridge_unit": "relative"},
        "mmd": {"features": "network"},
    }
    return earlier(described | changes, **groups)


def test_what_a_regression_found_is_written_in_as_numbers():
    frozen = freeze(regression())
    assert frozen["ntk"] == {"ridge": 0.5, "ridge_unit": "absolute"}
    assert frozen["kernel"] == {"_args_": ["laplace"], "bandwidth": 7.0}
    assert frozen["utility"]["temperature"] == 0.1
    assert frozen["mmd"] == {"features": "network"}


def test_a_kernel_scaled_by_its_rows_cannot_be_gone_on_from():
    with pytest.raises(InputError, match="run: wanted a kernel that stays as it is"):
        freeze(regression(kernel="sum"))


def test_a_run_from_before_kernels_had_a_group_keeps_its_kernel():
    utility = {"_target_": "davinz_jax.Ingredients.kernel_regression", "metric": None}
    old = {"utility": utility | {"kernel": "rbf", "bandwidth": 2.0, "cosine": True}}
    found = with_kernel(old)
    assert found["utility"] == utility
    assert found["kernel"] == read_choice("kernel", "rbf", bandwidth=2.0, cosine=True)
    assert with_kernel({"utility": {"_target_": "nu"}})["kernel"] == read_choice("kernel", "ntk")


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"players": "rows"}, "run: wanted a run over parties"),
        ({"mmd": {"features": "network"}}, "run: wanted a discrepancy on raw inputs"),
    ],
)
def test_runs_that_cannot_be_gone_on_from(changes, text):
    with pytest.raises(InputError, match=text):
        freeze(earlier(**changes))


def found(method):
    """Worth 1.5 and 2.5 in two draws, so 2 ± 0.5, beside values 1 and 3."""
    party = NewParty("c", ("u",), np.array([[1.5, 2.5]]), np.array([[4.0, 6.0]]))
    values = np.array([[[1.0, 3.0]]])
    return Score(party, 7, Valuation(method, ("a", "b"), np.array([1, 1]), ("u",), values))


def test_result_by_hand():
    assert score.result(found("leave_one_out")) == {
        "name": "c", "num_rows": 7, "value": 2.0, "stderr": 0.5, "u": 2.0, "value_alone": 5.0,
        "method": "leave_one_out", "rank": 2,
        "trust": [],
    }  # fmt: skip


@pytest.mark.parametrize(("method", "listed"), [("leave_one_out", ["b", "c (new)", "a"]),
                                               ("shapley", ["b", "a"])])  # fmt: skip
def test_page_lists_the_new_party_among_values_that_compare(method, listed):
    made = found(method)
    content = score.result(made) | {"seconds": {}, "config": {}, "versions": {"davinz-jax": "1"}}
    page = score.report(made, content)
    assert page.answer[0].startswith("To the 2 parties there are, c (7 rows) adds +2 ± 0.5")
    assert [row[0].text for row in page.sections[0].tables[1].rows] == listed


def test_rank_is_told_beside_values_of_the_same_kind_alone():
    assert "would rank 2" in " ".join(score.sentences(found("leave_one_out")))
    said = " ".join(score.sentences(found("shapley")))
    assert "rank" not in said
    assert "by shapley, which this number does not compare with" in said
    assert score.result(found("shapley"))["rank"] is None


def test_rows_of_tokens_are_filled_to_one_width():
    """Old rows of two tokens, new ones of three, padding 9; and the other way round."""
    ids = np.array([[1, 2], [3, 9]], np.int32)
    data = Dataset(
        ids, np.arange(2), "classification", 2, Validation(ids, np.arange(2)),
        encoding={"pad": 9}, input_kind="tokens",
    )  # fmt: skip
    old = Rows(data, Parties(np.arange(2), ("a", "b")), np.zeros(2, bool))
    joined = join(old, np.array([[5, 6, 7]], np.int32), np.array([1]), "c").dataset
    assert joined.inputs.tolist() == [[1, 2, 9], [3, 9, 9], [5, 6, 7]]
    assert joined.validation.inputs.tolist() == [[1, 2, 9], [3, 9, 9]]
    assert joined.input_kind == "tokens"
    narrow = join(old, np.array([[5]], np.int32), np.array([1]), "c").dataset
    assert narrow.inputs.tolist() == [[1, 2], [3, 9], [5, 9]]


def test_a_head_that_is_fitted_to_its_rows_is_refused():
    config = {"utility": {}, "kernel": {}, "model": {"head": "ridge"}, "players": "parties"}
    with pytest.raises(InputError, match="run: wanted a network that stays as it is"):
        freeze({"config": config})


def test_a_regression_of_the_tangent_kernel_is_gone_on_from():
    """Its description names outputs and engine, and no kernel of rows."""
    run = regression(output="first")
    del run["utility"]["kernel"]
    run["config"]["kernel"] = {"_args_": ["ntk"], "bandwidth": "median"}
    assert freeze(run)["ntk"] == {"ridge": 0.5, "ridge_unit": "absolute"}
