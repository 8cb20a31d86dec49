"""Whether rows judge each other, or some are held out."""

import pytest

from experiments.runtime.auto import read_choice
from experiments.runtime.compose import split_data
from experiments.runtime.errors import InputError
from experiments.runtime.holdout import choose_holdout


def settings(**groups):
    usual = {"data": "table", "utility": "auto", "ntk": "auto", "corruption": "none"}
    return {group: read_choice(group, name) for group, name in usual.items()} | groups


@pytest.mark.parametrize("utility", ["auto", "davinz", "kernel_regression", "confidence"])
@pytest.mark.parametrize("data", ["table", "arrays", "images"])
def test_rows_of_a_file_judge_each_other(data, utility):
    given = settings(data=read_choice("data", data), utility=read_choice("utility", utility))
    found, reason = choose_holdout(given)
    assert (found["data"]["holdout"], reason) == ("crossfit", "")
    assert found == given | {"data": given["data"] | {"holdout": "crossfit"}}


@pytest.mark.parametrize(
    ("group", "node", "words"),
    [
        ("utility", {"_target_": "mine.utility"}, "utility of your own"),
        ("ntk", read_choice("ntk", "auto", num_blocks=2), "blocks"),
        ("corruption", read_choice("corruption", "flip_labels"), "corrupted on purpose"),
        ("data", read_choice("data", "table", num_validation_rows=9), "number is given"),
    ],
)
def test_where_they_cannot_some_are_held_out(group, node, words):
    found, reason = choose_holdout(settings(**{group: node}))
    assert found["data"]["holdout"] == 0.2
    assert words in reason


@pytest.mark.parametrize("holdout", [0.3, "crossfit", "none", None])
def test_what_is_named_stays(holdout):
    given = settings(data=read_choice("data", "table", holdout=holdout),
                     ntk=read_choice("ntk", "auto", num_blocks=2))  # fmt: skip
    assert choose_holdout(given) == (given, "")


def test_other_commands_hold_rows_out():
    assert split_data({"holdout": "auto"}) == ({"holdout": 0.2}, None, False)


def test_a_number_of_validation_rows_beside_folds_is_refused():
    with pytest.raises(InputError, match="data.num_validation_rows: wanted it with a validation"):
        split_data({"holdout": "crossfit", "num_validation_rows": 5})
    own = {"holdout": "crossfit", "num_validation_rows": 5, "validation_path": "own.csv"}
    assert split_data(own)[2]
