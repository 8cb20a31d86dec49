"""Rows of the table of the authors' choices, from made-up results."""

import json

import pytest

from experiments.runtime.errors import InputError
from experiments.studies import protocol

ROW = {
    "command": "noise_stability", "overrides": ["experiment=noise_stability_smoke"],
    "statistic": "spearman", "subject": "value", "against": "noise",
}  # fmt: skip


def record(mean):
    identity = {name: ROW[name] for name in ("statistic", "subject", "against")}
    return identity | {"mean": mean, "low": mean - 0.1, "high": mean + 0.1, "each": [mean]}


@pytest.fixture
def runs(monkeypatch):
    """Commands that leave -0.8 by our protocol and -0.5 by another; gives their overrides."""
    begun = []

    def leave(command, overrides, folder):
        begun.append(list(overrides))
        folder.mkdir(parents=True)
        mean = -0.8 if "protocol=ours" in overrides else -0.5
        (folder / "result.json").write_text(json.dumps({"estimates": [record(mean)]}))

    monkeypatch.setattr(protocol, "run_experiment", leave)
    return begun


def test_a_row_holds_both_numbers(runs, tmp_path):
    found = protocol.measure("one_noise_draw", ROW, ["seeds=[0]"], tmp_path)
    assert found["ours"] == "-0.80 [-0.90, -0.70]"
    assert found["theirs"] == "-0.50 [-0.60, -0.40]"
    assert found["number"] == "noise_stability: spearman value noise"
    assert runs[1] == [
        "experiment=noise_stability_smoke", "seeds=[0]", "protocol=one_noise_draw",
    ]  # fmt: skip


def test_a_number_that_is_not_there_is_refused():
    with pytest.raises(InputError, match="rows: wanted the number 'spearman value noise'"):
        protocol.number_of({"estimates": []}, ROW)


def test_unknown_rows_are_refused():
    with pytest.raises(InputError, match="rows: unknown choice 'one_noise'"):
        protocol.check_rows({"one_noise": ROW})


def test_a_command_that_fails_is_told(tmp_path):
    with pytest.raises(InputError, match=r"nonesuch: wanted it to end well, got .*nonesuch"):
        protocol.run_experiment("nonesuch", [], tmp_path)
