"""Texts of one's own through the commands, with a tiny encoder of random weights."""

import re

import jax
import pandas as pd
import pytest

from experiments.detect import main as detect
from experiments.value import main as value
from tests.encoders import POSITIONS, write_encoder

WRONG = range(33, 38)
"""Lines whose label is wrong, of the shop that holds the last 12."""


@pytest.fixture(scope="module", autouse=True)
def quick_compilation():
    """Most of the time goes to XLA, whose optimisations a small network does not need."""
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_encoder(tmp_path_factory.mktemp("encoder"), num_hidden_layers=1)


@pytest.fixture(scope="module")
def notes(tmp_path_factory):
    """Notes of three shops, whose label goes by one word; the last shop has wrong ones."""
    labels, things = ["pro", "con"], ["film", "meal", "the film", "a meal", "quite", "was"]
    rows = [
        {"note": f"{thing} {word}", "label": label, "shop": "nse"[shop]}
        for shop in range(3)
        for thing in things
        for word, label in zip(["good", "awful"], labels, strict=True)
    ]
    for line in WRONG:
        rows[line - 2]["label"] = labels[rows[line - 2]["label"] == "pro"]
    path = tmp_path_factory.mktemp("notes") / "notes.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    return path


def options(notes, folder, *more):
    return (
        "data=text", f"data.path={notes}", "data.text=note", "data.target=label",
        "data.party=shop", "data.max_tokens=8", "model=bert", f"model.weights={folder}", *more,
    )  # fmt: skip


def test_a_shop_of_wrong_labels_is_worth_least(notes, folder, run_command, read_result):
    chosen = options(notes, folder, "ntk.parameters=attention_output|head")
    run = run_command(value, "value", *chosen)
    content = read_result(run)
    values = pd.read_csv(run / "values.csv").set_index("player")["value"]
    assert values.idxmin() == "e"
    assert content["utility"]["output"] == "first"
    worst = pd.read_csv(run / "worst_rows.csv")
    assert set(worst["line"][: len(WRONG)]) == set(WRONG)
    assert "note" in worst


def test_rows_of_wrong_labels_are_found_by_frozen_features(notes, folder, run_command):
    chosen = options(notes, folder, "rate=0.14", "kernel=rbf")
    run = run_command(detect, "detect", *chosen)
    rows = pd.read_csv(run / "rows.csv")
    assert set(rows.loc[rows["dropped"], "line"]) == set(WRONG)
    assert set(pd.read_csv(run / "keep.csv").columns) == {"note", "label", "shop"}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (("model=auto",), "data.tokenizer: wanted a folder|tokenizer: wanted a folder"),
        ((f"data.max_tokens={POSITIONS + 1}",), "max_tokens: wanted at most 12"),
        (("data.tokenizer={folder}", "model=mlp_table"), "model: wanted a pretrained encoder"),
        (("data.text=???",), "data.text: wanted a value, got none; set data.text=…"),
        (("model.weights=nowhere",), "tokenizer: wanted tokenizer.json, got no nowhere"),
        (("corruption=noise",), "noise: wanted rows of numbers, got texts"),
        (("ntk.output=label",), "output: wanted 'trace', 'first' or 'scalar'"),
    ],
)
def test_bad_input_is_named_in_one_message(notes, folder, run_command, changed, message):
    changed = tuple(text.format(folder=folder) for text in changed)
    is_other = any(text.startswith("model=") for text in changed)
    kept = [
        text
        for text in options(notes, folder)
        if not (is_other and text.startswith("model")) and text.split("=")[0] not in changed
    ]
    with pytest.raises(SystemExit) as stopped:
        run_command(value, "value", *kept, *changed)
    assert re.search(message, str(stopped.value.code))
