"""The first lines of a run: what is computed, and why."""

import pytest

from experiments.report.chosen import describe_choice
from experiments.runtime.auto import Situation, read_choice, resolve


def lines(named=(), **changes):
    groups = {"utility": "auto", "kernel": "auto", "semivalue": "auto", "ntk": "auto",
              "mmd": "paper"}  # fmt: skip
    options = {"ntk": changes.pop("ntk", {})}
    situation = {"task": "classification", "is_labelled": True, "values_rows": False,
                 "num_players": 5}  # fmt: skip
    groups |= {name: changes.pop(name) for name in list(changes) if name in groups}
    settings = {group: read_choice(group, name, **options.get(group, {}))
                for group, name in groups.items()}  # fmt: skip
    found = Situation(**situation | changes)
    return describe_choice(resolve(settings, found, set(named)), found)


def test_what_was_chosen_is_said_with_its_reasons():
    first, second = lines()
    assert first == (
        "exact Shapley values of 5 parties by kernel regression (rbf, soft_accuracy, ridge by "
        "leave-one-out error)"
    )
    assert second == (
        "chosen for these reasons: the validation set has labels, no network is named, there are "
        "at most 12 parties; utility=davinz is the paper's score"
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"named": {"model"}}, "(ntk, ensemble, soft_accuracy_minus_brier, ridge by"),
        ({"is_labelled": False}, "by confidence of kernel regression (laplace, ridge by"),
        ({"utility": "davinz"}, "leave-one-out values of 5 parties by ν, the paper's score (ridge"),
        ({"utility": "discrepancy"}, "by discrepancy, a part of the paper's score"),
        ({"num_players": 2000}, "sampled Shapley values of 2,000 parties"),
        ({"values_rows": True}, "wrong labels are found by experiments.detect"),
        ({"ntk": {"ridge": 0.5, "ridge_unit": "relative"}}, "ridge 0.5 × mean diagonal)"),
        ({"utility": "kernel_regression", "semivalue": "banzhaf"}, "Banzhaf values of 5 parties"),
    ],
)
def test_words(changes, words):
    told = lines(**changes)
    assert words in " ".join(told)
    assert len(told) <= 2


def test_the_rows_that_judge_are_named():
    first, _ = lines(judged_by="the rows themselves, in 5 folds")
    assert first.endswith("leave-one-out error), judged by the rows themselves, in 5 folds")


def test_of_what_was_asked_for_no_reason_is_given():
    assert len(lines(utility="davinz", semivalue="leave_one_out")) == 1
