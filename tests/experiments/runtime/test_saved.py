"""Files of a run that were edited, damaged or mixed are told apart from those it wrote."""

import json

import numpy as np
import pandas as pd
import pytest

from davinz_jax.semivalues import Valuation
from experiments.runtime import saved
from experiments.runtime.errors import InputError
from experiments.runtime.outputs import csv_writer

NAMES = ("=1+1", "NA", "c")


@pytest.fixture
def run(tmp_path):
    """What a run over three rows of two parties leaves, without figures."""
    values = Valuation(
        method="leave_one_out",
        players=NAMES,
        num_rows=np.array([1, 1, 1]),
        terms=("complexity", "discrepancy"),
        contributions=np.array([[[0.1, 0.2, 0.3]], [[1.0, -2.0, 3.0]]]),
        description={"utility": {"kind": "davinz", "kappa": 0.5}},
    )
    frame = values.to_frame()
    records = frame.rename(columns={"player": "name"}).to_dict("records")
    content = {
        "players": [{k: v for k, v in each.items() if v == v} for each in records],
        "utility": {"kind": "davinz", "kappa": 0.5},
        "parties_as_sum_of_rows": [{"name": "-", "value": -0.7}, {"name": "b", "value": 3.3}],
        "config": {},
    }
    (tmp_path / "result.json").write_text(json.dumps(content))
    csv_writer(frame.assign(party=["-", "-", "b"]))(tmp_path / "values.csv")
    values.save(tmp_path / "valuation.npz")
    return tmp_path


def edit_json(folder, change):
    content = json.loads((folder / "result.json").read_text())
    change(content)
    (folder / "result.json").write_text(json.dumps(content))


def edit_table(folder, **columns):
    frame = pd.read_csv(folder / "values.csv", dtype=str, keep_default_na=False)
    frame.assign(**columns).to_csv(folder / "values.csv", index=False)


def test_names_that_were_marked_are_read_back(run):
    assert saved.valuation(run).players == NAMES
    sums = saved.valuation(run, by_party=True)
    assert sums.players == ("-", "b")
    np.testing.assert_allclose(sums.values, [-0.7, 3.3])


@pytest.mark.parametrize(
    ("edit", "named"),
    [
        (lambda run: edit_json(run, lambda c: c["players"][1].update(value=5)),
         "value of NA in result.json"),
        (lambda run: edit_json(run, lambda c: c["players"][1].update(name="x")),
         "list of players in result.json"),
        (lambda run: edit_json(run, lambda c: c["players"].pop()),
         "list of players in result.json"),
        (lambda run: edit_json(run, lambda c: c["utility"].update(kappa=9)),
         "utility in result.json"),
        (lambda run: edit_table(run, value=["1.1", "-1.8", "33"]), "value of c in values.csv"),
        (lambda run: edit_table(run, complexity=["a", "0", "0"]),
         r"complexity of =1\+1 in values.csv"),
        (lambda run: edit_table(run, num_rows=["1", "1", "7"]), "num_rows of c in values.csv"),
        (lambda run: edit_table(run, party=["-", "b", "b"]), "party of a row in values.csv"),
    ],
)  # fmt: skip
def test_an_edit_by_hand_is_refused_by_its_place(run, edit, named):
    edit(run)
    with pytest.raises(InputError, match=f"that say the same, got another {named}.*from a copy"):
        saved.valuation(run)


@pytest.mark.parametrize("text", ["{", "[]", "{}", "\x00"])
def test_a_damaged_result_is_refused(run, text):
    (run / "result.json").write_text(text)
    with pytest.raises(ValueError, match="result.json: wanted the result that|that say the same"):
        saved.valuation(run)


def test_a_damaged_table_is_refused(run):
    (run / "values.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="values.csv: wanted what a finished run wrote"):
        saved.valuation(run)
