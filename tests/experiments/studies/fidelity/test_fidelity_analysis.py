"""The choice, the kinds, and the page made of the numbers."""

import jax
import numpy as np
import pandas as pd
import pytest

from experiments.studies.fidelity import analysis, page
from experiments.studies.fidelity.scores import LABEL_FREE, LABELLED, SCORES

NUM_SETS = 8


def make_frame() -> pd.DataFrame:
    """Two roles of one draw; `ntk_accuracy_loo` is the truth, `nu_label` its reverse."""
    rng = np.random.default_rng(0)
    parts = []
    for role in ("choosing", "showing"):
        accuracy = rng.permutation(NUM_SETS) / NUM_SETS
        noise = {name: rng.random(NUM_SETS) for name in SCORES}
        known = {"ntk_accuracy_loo": accuracy, "mean_rank": accuracy, "nu_label": -accuracy,
                 "laplace_confidence_loo": accuracy}  # fmt: skip
        kind = np.where(accuracy >= 0.5, "good", "bad")
        parts.append(
            pd.DataFrame({"role": role, "draw": f"d-{role}", "kind": kind, "accuracy": accuracy}
                         | noise | known)
        )  # fmt: skip
    return pd.concat(parts, ignore_index=True)


@pytest.fixture(scope="module")
def roles():
    return analysis.agree(make_frame(), num_resamples=100, key=jax.random.key(0))


def test_the_best_utility_is_chosen_and_no_mean_of_ranks(roles):
    assert analysis.choose(roles["choosing"]) == {
        LABELLED: "ntk_accuracy_loo",
        LABEL_FREE: "laplace_confidence_loo",
    }


def test_lines_hold_correlation_and_pairs(roles):
    lines = analysis.by_draw(roles)
    assert len(lines) == 2 * len(SCORES)
    paper = lines[(lines["score"] == "nu_label") & (lines["role"] == "showing")].iloc[0]
    assert paper["spearman"] == pytest.approx(-1)
    assert paper["ordered_pairs"] == 0


def test_a_summary_pairs_differences(roles):
    found = analysis.summarise(roles["showing"], dict.fromkeys(SCORES, 0.5), level=0.95)
    best = found["ntk_accuracy_loo"]
    assert best["mean"] == pytest.approx([1, 1, 1])
    knn = found["knn_1"]["mean"]
    assert best["minus"]["knn_1"][0] == pytest.approx(1 - knn[0])
    assert found["knn_1"]["minus"]["knn_1"] == [0, 0, 0]


def test_kinds_that_are_ranked_in_reverse_by_hand(roles):
    """8 sets, the better half has ranks 5..8 and gets 1..4: 4 of 8 ranks too low, −.5."""
    found = {row["kind"]: row for row in analysis.kinds(roles["showing"])}
    assert found["good"]["nu_label"] == pytest.approx(-0.5)
    assert found["bad"]["nu_label"] == pytest.approx(0.5)
    assert found["good"]["ntk_accuracy_loo"] == 0
    assert found["good"]["sets"] == 4


def test_figures_in_words():
    assert page.span([0.944, -0.031, 1.0]) == ".94 [−.03, 1.00]"


@pytest.mark.skipif(not (page.KEPT / "fidelity.json").is_file(), reason="no result is kept yet")
def test_the_page_is_made_of_the_kept_results():
    assert page.PAGE.read_text() == page.current()
