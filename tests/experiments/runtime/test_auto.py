"""What `auto` stands for."""

import pytest

from experiments.runtime.auto import Situation, choose_kernel, is_auto, read_choice, resolve
from experiments.runtime.errors import InputError


def test_the_node_of_a_choice():
    node = read_choice("kernel", "rbf", bandwidth=2.0)
    assert (node["_args_"], node["bandwidth"], node["cosine"]) == (["rbf"], 2.0, False)
    assert is_auto(read_choice("kernel", "auto"))
    assert not is_auto(node)


@pytest.mark.parametrize(
    ("named", "kind", "wanted"),
    [
        ({"ntk.ridge", "data"}, "kernel_regression", "rbf"),
        ({"data"}, "confidence", "laplace"),
        ({"model.widths"}, "kernel_regression", "ntk"),
        ({"ntk.parameters"}, "confidence", "ntk"),
    ],
)
def test_the_kernel_of_auto(named, kind, wanted):
    assert choose_kernel(read_choice("kernel", "auto"), named, kind)["_args_"] == [wanted]


def test_a_kernel_that_is_named_stays():
    laplace = read_choice("kernel", "laplace", cosine=True)
    assert choose_kernel(laplace, {"model"}, "confidence") == laplace


def node(group, name="auto"):
    return read_choice(group, name)


def settings(**groups):
    usual = {group: node(group) for group in ("utility", "kernel", "semivalue", "ntk")}
    return usual | {"mmd": node("mmd", "paper")} | groups


def situation(task="classification", is_labelled=True, values_rows=False, num_players=5):
    return Situation(task, is_labelled, values_rows, num_players)


def outcome(found):
    """Utility, metric, kernel, ridge and semivalue in a line."""
    utility, semivalue = found.settings["utility"], found.settings["semivalue"]
    target = (semivalue.get("_args_") or [semivalue])[0]["_target_"]
    return " ".join(
        [
            utility["_target_"].rpartition(".")[2],
            str(utility.get("metric")),
            found.settings["kernel"]["_args_"][0],
            str(found.settings["ntk"]["ridge"]),
            str(semivalue.get("method")),
            target.rpartition(".")[2],
        ]
    )


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({}, "kernel_regression soft_accuracy rbf auto exact shapley"),
        ({"num_players": 12}, "kernel_regression soft_accuracy rbf auto exact shapley"),
        ({"num_players": 13}, "kernel_regression soft_accuracy rbf auto antithetic shapley"),
        ({"values_rows": True}, "kernel_regression soft_accuracy rbf auto None leave_one_out"),
        ({"task": "regression"}, "kernel_regression mse rbf auto exact shapley"),
        ({"is_labelled": False}, "confidence None laplace auto exact shapley"),
        (
            {"is_labelled": False, "task": "regression"},
            "davinz None rbf 0.0001 None leave_one_out",
        ),
    ],
)
def test_what_the_data_lets_one_choose(given, wanted):
    found = resolve(settings(), situation(**given), set())
    assert outcome(found) == wanted
    assert not any(is_auto(each) for each in found.settings.values())
    assert {"utility", "semivalue"} <= set(found.reasons)
    assert found.uses_network == wanted.startswith("davinz")


def test_a_named_network_is_used_and_its_draws_are_averaged():
    found = resolve(settings(), situation(), {"model"})
    assert outcome(found) == "kernel_regression soft_accuracy_minus_brier ntk auto exact shapley"
    assert found.settings["utility"]["ensemble"]
    assert found.uses_network
    assert not resolve(settings(), situation(), set()).settings["utility"]["ensemble"]


def test_rows_are_scored_alike_whatever_the_kernel():
    found = resolve(settings(), situation(values_rows=True), {"model"})
    assert outcome(found) == "kernel_regression soft_accuracy ntk auto None leave_one_out"


def test_what_is_named_stays():
    named = settings(utility=node("utility", "davinz"), semivalue=node("semivalue", "banzhaf"))
    found = resolve(named, situation(), {"utility", "semivalue"})
    assert found.settings["utility"] == named["utility"]
    assert found.settings["semivalue"] == named["semivalue"]
    assert not found.reasons
    ridge = settings(ntk=node("ntk") | {"ridge": 0.5})
    assert resolve(ridge, situation(), set()).settings["ntk"]["ridge"] == 0.5


def test_a_second_resolution_changes_nothing():
    found = resolve(settings(), situation(num_players=20), {"model"})
    again = resolve(found.settings, situation(num_players=20), set())
    assert again.settings == found.settings
    assert not again.reasons


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ({"mmd.bandwidth"}, "mmd.bandwidth: .* got utility=kernel_regression.* utility=davinz"),
        ({"ntk.ridge_unit"}, "ntk.ridge_unit: wanted it with a ridge in numbers"),
    ],
)
def test_what_is_named_and_not_used_is_refused(named, message):
    with pytest.raises(InputError, match=message):
        resolve(settings(), situation(), named)


def test_a_utility_of_the_users_own_may_look_at_anything():
    own = {"_target_": "mine.utility", "_partial_": True}
    found = resolve(settings(utility=own), situation(), {"model", "mmd", "kernel", "ntk.engine"})
    assert found.uses_network
    assert outcome(found) == "utility None ntk auto exact shapley"


def test_texts_are_compared_through_the_network():
    """Its kernel without a word of it, its features in the discrepancy, unless that is named."""
    texts = Situation("classification", True, False, 5, has_tokens=True)
    found = resolve(settings(), texts, {"model"})
    assert found.settings["kernel"]["_args_"] == ["ntk"]
    assert found.settings["mmd"]["features"] == "network"
    assert found.reasons["kernel"] == "texts are compared by a network alone"
    named = resolve(settings(kernel=node("kernel", "rbf")), texts, {"model", "kernel"})
    assert named.uses_network
    costly = settings(utility=node("utility", "davinz"))
    own = resolve(costly, texts, {"model", "mmd.bandwidth"})
    assert own.settings["mmd"]["features"] == "inputs"
