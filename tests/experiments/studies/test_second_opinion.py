"""A second opinion is what a run of the other utility gives, by one pass of a shared kernel."""

import json

import pandas as pd
import pytest

from davinz_jax.ntk import empirical
from experiments import value
from experiments.runtime import second_opinion

SMALL = ("data.num_rows=30", "data.num_validation_rows=20", "num_initialisations=1",
         "model=mlp_table", "model.widths=[8]", "parties=random", "parties.num=3")  # fmt: skip


def by_name(records, key="value"):
    return {record["name"]: record[key] for record in records}


@pytest.fixture
def run(run_command, read_result):
    return lambda *arguments: read_result(run_command(value.main, "value", *SMALL, *arguments))


def test_is_what_the_other_utility_gives(run_command, read_result, capsys):
    """In the table, in files and on the page."""
    folder = run_command(value.main, "value", *SMALL, "second_opinion=true", "utility=davinz")
    printed, found = capsys.readouterr().out, read_result(folder)
    frame = pd.read_csv(folder / "values.csv").set_index("player")
    page = (folder / "report.html").read_text()
    second = found["second_opinion"]
    alone = read_result(
        run_command(value.main, "value", *SMALL[:2], *SMALL[-2:], "semivalue=leave_one_out")
    )
    assert alone["second_opinion"] is None
    assert (second["kind"], second["method"]) == ("kernel_regression", "leave_one_out")
    assert by_name(second["players"]) == pytest.approx(by_name(alone["players"]), rel=1e-12)
    assert second["seconds"] == found["seconds"]["second opinion"] > 0
    assert all(sentence in printed for sentence in second["says"])
    assert "rank by kernel regression" in printed
    assert frame["second_value"].to_dict() == pytest.approx(by_name(second["players"]))
    assert frame["second_rank"].to_dict() == by_name(second["players"], "rank")
    assert "A second opinion: kernel regression" in page
    assert "second rank" in page


def test_rows_are_seen_by_one_pass_of_the_network(run, monkeypatch):
    """Both look at the trace of one network's outputs."""
    passes, compute = [], empirical.tangent_kernel

    def noted(*arguments, **options):
        passes.append(options["output"])
        return compute(*arguments, **options)

    monkeypatch.setattr("davinz_jax.utility.ingredients.tangent_kernel", noted)
    found = run("players=rows", "second_opinion=true", "value.worst=0")
    assert passes == ["trace"]
    second = found["second_opinion"]
    assert (second["kind"], len(second["players"])) == ("davinz", 30)
    assert second["utility"]["complexity"]["ridge"] == 1e-4


def test_what_takes_long_is_left_out_unless_it_is_wanted(run, monkeypatch, capsys):
    monkeypatch.setattr(second_opinion, "MOST_SECONDS", -1.0)
    monkeypatch.setattr("experiments.studies.second_opinion.sum", lambda _: -1.0, raising=False)
    found = run("second_opinion=null")
    reason = found["second_opinion"]["left_out"]
    assert "expected to take" in reason
    assert f"note: no second opinion: {reason}" in capsys.readouterr().out
    assert all("second" not in json.dumps(player) for player in found["players"])
