"""From a person's table to the money: the hospital with wrong labels is found, and not paid.

One table of 475 patients is valued by the defaults; others have few rows, or no copies. The truth
is asked of models that are trained on every coalition and tested on patients of a pool.
"""

import csv
import json
import sys
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier

from davinz_jax import load_table, shapley
from davinz_jax.data import partition_own
from davinz_jax.utility import FunctionUtility
from experiments import payout, value
from experiments.runtime.app import launch
from tests.hospitals import WRONG, patients, write_hospitals

LARGE = ("Hillside", "Lakeview", "Riverside")
"""Hospitals of its size, and none of their rows copies."""
TABLE = ("data=table", "data.target=diagnosis", "data.party=hospital",
         "data.ignore=[patient_id,remark]", "data.impute=median")  # fmt: skip
ALONE = ("second_opinion=false", "value.worst=0")


def run(main, name: str, folder: Path, *arguments: str) -> Path:
    """`python -m experiments.NAME ARGUMENTS` in this process; gives its folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", [name, *arguments, f"hydra.run.dir={folder}"])
        launch(main, name)
    return folder


def read(folder: Path) -> dict:
    return json.loads((folder / "result.json").read_text())


def players(folder: Path) -> dict[str, dict]:
    return {player["name"]: player for player in read(folder)["players"]}


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A folder with tables: all patients, few of them, and each row once; lines of wrong labels."""
    folder = tmp_path_factory.mktemp("hospitals")
    write_hospitals(folder / "few.csv", share=0.1)
    write_hospitals(folder / "once.csv", copies=1)
    lines = write_hospitals(folder / "patients.csv")
    return folder, lines


@pytest.fixture(scope="module")
def story(desk):
    """The table valued by the defaults."""
    folder, _ = desk
    return run(value.main, "value", folder / "run", *TABLE, f"data.path={folder}/patients.csv")


def test_the_hospital_with_wrong_labels_is_last_of_its_size(story):
    found = players(story)
    assert found[WRONG]["rank_low"] > max(found[name]["rank_high"] for name in LARGE)
    assert not any(WRONG in pair for pair in read(story)["not_separable"])


def test_few_rows_do_not_tell_it_from_all_of_them_and_that_is_said(desk):
    folder, _ = desk
    few = run(value.main, "value", folder / "few", *TABLE, *ALONE, f"data.path={folder}/few.csv")
    doubtful = [set(pair) for pair in read(few)["not_separable"]]
    assert any({WRONG, name} in doubtful for name in LARGE)
    page = (few / "report.html").read_text()
    assert "cannot be told apart" in page
    assert f"and {WRONG}" in page or f"{WRONG} and" in page


def test_the_papers_score_stands_beside_and_its_dissent_is_said(story):
    second = read(story)["second_opinion"]
    assert second["kind"] == "davinz"
    assert second["parts"]
    assert second["opposed"] == [WRONG]
    frame = pd.read_csv(story / "values.csv").set_index("player")
    assert frame.loc[WRONG, "second_rank"] < frame.loc[WRONG, "rank"] == len(frame)
    page = (story / "report.html").read_text()
    assert all(sentence in page for sentence in second["says"])
    assert "followed trained networks" in second["says"][1]


def retrained(folder: Path, make) -> dict[str, int]:
    """Ranks by exact Shapley values of the accuracy, on a pool, of a model trained anew.

    It learns from each patient once, for copies raise what a trained model makes of a hospital too.
    """
    pool = folder / "pool.csv"
    rows = patients(2000, np.random.default_rng(9)).assign(hospital="-", patient_id="-")
    rows.to_csv(pool, index=False)
    data, parties = partition_own(
        load_table(
            folder / "once.csv", validation_path=pool, target="diagnosis", party="hospital",
            ignore=["patient_id", "remark"], impute="median",
        )
    )  # fmt: skip

    inputs, others = (part.astype(np.float64) for part in (data.inputs, data.validation.inputs))

    def accuracy(members: tuple[int, ...]) -> float:
        own = np.isin(parties.indices, members)
        if len(set(data.targets[own])) < 2:
            return 0.5
        model = make().fit(inputs[own], data.targets[own])
        return float(model.score(others, data.validation.targets))

    game = FunctionUtility(accuracy, parties.names, receives="indices", empty=0.5)
    values = shapley(game)
    return dict(zip(values.players, values.rank.tolist(), strict=True))


@pytest.mark.parametrize(
    "make",
    [
        LogisticRegression,
        pytest.param(
            lambda: MLPClassifier((16,), random_state=0, solver="lbfgs", max_iter=5000, alpha=1.0),
            id="MLP",
        ),
    ],
)
def test_retrained_models_put_it_there_too(desk, story, make):
    found, truth = players(story), retrained(desk[0], make)
    assert truth[WRONG] > max(truth[name] for name in LARGE)
    for name in (WRONG, "Tiny", "Thrice"):
        low, high = found[name]["rank_low"], found[name]["rank_high"]
        assert low <= truth[name] <= high, (name, truth, low, high)


def test_thirty_patients_thrice_are_worth_what_they_are_once(desk, story):
    """Copies count once, and that is said; counted each, they would earn."""
    folder, _ = desk
    once = run(value.main, "value", folder / "one", *TABLE, *ALONE, f"data.path={folder}/once.csv")
    each = run(value.main, "value", folder / "each", *TABLE, *ALONE, "copies=each",
               f"data.path={folder}/patients.csv")  # fmt: skip
    thrice, single, paid = (players(run)["Thrice"] for run in (story, once, each))
    assert [one["num_rows"] for one in (thrice, single, paid)] == [30, 30, 90]
    half_width = (single["high"] - single["low"]) / 2
    assert abs(thrice["value"] - single["value"]) < half_width
    assert paid["value"] > max(thrice["value"], single["value"])
    assert "60 of 90 of Thrice are left out" in (story / "report.html").read_text()


def test_of_the_tiny_hospital_little_is_known(story):
    """Beside its worth, its interval is the widest of those whose labels are right."""
    found = players(story)
    widths = {
        name: (found[name]["high"] - found[name]["low"]) / abs(found[name]["value"])
        for name in found.keys() - {WRONG}
    }
    assert max(widths, key=widths.__getitem__) == "Tiny"


def test_rows_named_as_worst_are_wrong_and_found_again(desk, story):
    folder, lines = desk
    worst = pd.read_csv(story / "worst_rows.csv")
    assert len(worst) == 24
    assert np.isin(worst["line"], lines).mean() >= 0.8
    with (folder / "patients.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    for line, owner in zip(worst["line"], worst["party"], strict=True):
        assert rows[line - 1][1] == owner


def test_the_money_follows(desk, story):
    folder, _ = desk
    paid = read(run(payout.main, "payout", folder / "paid", f"run={story}", "budget=10000"))
    amounts = {name: Decimal(amount) for name, amount in paid["payouts"].items()}
    assert sum(amounts.values()) == 10000
    assert amounts[WRONG] == 0
    assert paid["set_to_zero"] == [WRONG]
    assert all(2000 < amounts[name] < 3000 for name in LARGE)
    assert amounts["Tiny"] < amounts["Thrice"] < min(amounts[name] for name in LARGE)
    assert paid["follows"]["kind"] == "kernel_regression"
    assert any("part" in sentence for sentence in paid["second_opinion"])


def test_the_report_opens(story, open_page):
    page = open_page((story / "report.html").read_text(), width=420)
    assert WRONG in page.inner_text(".answer")
    assert page.locator("table").first.is_visible()
