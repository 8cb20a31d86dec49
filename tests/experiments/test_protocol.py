"""The table of the authors' choices is written with both numbers of each row."""

import json

import pandas as pd

from experiments.protocol import main
from experiments.runtime.authors import CHOICES
from experiments.studies import protocol


def test_rows_that_are_asked_for_are_measured(run_command, read_result, monkeypatch):
    def leave(command, overrides, folder):
        identity = {"statistic": "spearman", "subject": "value", "against": "noise"}
        content = identity | {"mean": 0.5, "low": None, "high": None, "each": [0.5]}
        folder.mkdir(parents=True)
        (folder / "result.json").write_text(json.dumps({"estimates": [content]}))

    monkeypatch.setattr(protocol, "run_experiment", leave)
    others = [f"rows.{name}=null" for name in CHOICES if name != "one_noise_draw"]
    folder = run_command(main, "protocol", *others)
    (row,) = read_result(folder)["rows"]
    assert (row["choice"], row["ours"], row["theirs"]) == ("one_noise_draw", "0.50", "0.50")
    assert pd.read_csv(folder / "protocol.csv")["text"].tolist() == [row["text"]]
