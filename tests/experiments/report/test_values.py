"""Values as a person and a program read them, on a run of two parties and of four rows."""

import json

import pandas as pd
import pytest

from experiments.report import values
from experiments.runtime.schema.value import ValueOptions
from tests.experiments.report.cases import make_run


@pytest.fixture(scope="module")
def by_party():
    return make_run(values_rows=False)


@pytest.fixture(scope="module")
def by_row():
    return make_run(values_rows=True)


def test_result_is_json_and_agrees_with_the_valuation(by_party):
    content = json.loads(json.dumps(values.result(by_party, {"seed": 3}), allow_nan=False))
    found = {player["name"]: player["value"] for player in content["players"]}
    assert found == dict(zip("ab", by_party.valuation.values, strict=True))
    assert content["seeds"] == {"seed": 3, "num_initialisations": 2}
    assert content["bandwidth"] == 5.0
    grand = content["grand"]
    whole = -content["kappa"] * grand["complexity"] - grand["discrepancy"]
    assert grand["value"] == pytest.approx(whole)


def test_rows_are_told_with_their_party_label_and_line(by_row):
    frame = by_row.frame(0.95).sort_values("line")
    assert frame["line"].tolist() == [1, 2, 3, 4]
    assert frame["party"].tolist() == ["a", "a", "b", "b"]
    assert frame["label"].tolist() == ["well", "sick", "sick", "well"]
    assert frame["corrupted"].tolist() == [False, False, True, False]
    sums = dict(zip("ab", by_row.sums.values, strict=True))
    assert sums == pytest.approx(frame.groupby("party")["value"].sum().to_dict())


def test_what_a_person_reads(by_party, by_row, capsys):
    values.show(by_party, 0.95)
    printed = capsys.readouterr().out
    assert by_party.title == "data, 2 parties: leave_one_out of davinz"
    assert by_party.title in printed
    values.show(by_row, 0.95)
    printed = capsys.readouterr().out
    assert "parties, as the sum of their rows' values" in printed
    assert "1 of 4 rows were corrupted on purpose" in printed


def test_files_of_a_run_over_rows(by_row, tmp_path):
    content = values.result(by_row, {})
    page = {"page.html": lambda path: path.write_text("a page")}
    values.save(by_row, content, tmp_path, ValueOptions(worst=2), page)
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {
        "values.csv", "values.png", "valuation.npz", "page.html", "result.json",
    }  # fmt: skip
    frame = pd.read_csv(tmp_path / "values.csv")
    assert frame["label"].tolist() == by_row.frame(0.95)["label"].tolist()
    assert frame["value"].tolist() == pytest.approx(sorted(by_row.valuation.values)[::-1])
