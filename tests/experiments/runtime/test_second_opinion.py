"""Which utility the second opinion is by, and where there is none."""

import pytest

from davinz_jax.ntk import Forecast
from experiments.runtime.auto import Situation, read_choice, resolve
from experiments.runtime.errors import InputError
from experiments.runtime.second_opinion import MOST_SECONDS, choose_second, refuse_long

LABELLED = Situation("classification", True, False, 5)


def first(named=(), situation=LABELLED, **groups):
    usual = {"utility": "auto", "kernel": "auto", "semivalue": "auto", "ntk": "auto",
             "mmd": "paper"} | groups  # fmt: skip
    settings = {group: read_choice(group, name) for group, name in usual.items()}
    return resolve(settings, situation, set(named))


def kind(resolved):
    return resolved.settings["utility"]["_target_"].rpartition(".")[2]


@pytest.mark.parametrize("named", [(), ("model",)])
def test_beside_kernel_regression_stands_the_papers_score(named):
    chosen = first(named)
    found = choose_second(chosen, LABELLED, wanted=None)
    assert kind(found) == "davinz"
    assert found.uses_network
    assert found.settings["ntk"]["ridge"] == 1e-4
    assert found.settings["semivalue"] == chosen.settings["semivalue"]


def test_beside_nu_stands_the_default_which_needs_no_network():
    found = choose_second(first(("model",), utility="davinz"), LABELLED, wanted=None)
    assert kind(found) == "kernel_regression"
    assert found.settings["kernel"]["_args_"] == ["rbf"]
    assert found.settings["utility"]["metric"] == "soft_accuracy"
    assert found.settings["ntk"]["ridge"] == "auto"
    assert not found.uses_network
    assert found.settings["semivalue"]["_target_"].endswith("leave_one_out")


UNLABELLED = Situation("classification", False, False, 5)


@pytest.mark.parametrize(
    ("utility", "situation", "words"),
    [
        ("complexity", LABELLED, "utility=kernel_regression or davinz, got complexity"),
        ("davinz", UNLABELLED, "labels of the validation set, got none"),
    ],
)
def test_where_there_is_none_it_is_refused_if_wanted(utility, situation, words):
    chosen = first(situation=situation, utility=utility)
    assert choose_second(chosen, situation, wanted=None) is None
    with pytest.raises(InputError, match=f"second_opinion: wanted .*{words}.*; leave it out"):
        choose_second(chosen, situation, wanted=True)


def test_it_can_be_left_out():
    assert choose_second(first(), LABELLED, wanted=False) is None


def test_a_kernel_may_take_as_long_as_the_first_opinion_did():
    expected = Forecast(None, 10, 1, 1, 2 * MOST_SECONDS)  # its plan is not looked at
    refuse_long(expected, seconds=3 * MOST_SECONDS)
    with pytest.raises(InputError, match="expected to take 60 s, and up to 30 s are spent unasked"):
        refuse_long(expected, seconds=1.0)
