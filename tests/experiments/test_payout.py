"""Payouts from a saved run: whole to the last cent, refused where they cannot be."""

from decimal import Decimal

import pytest

from experiments import payout, value


@pytest.fixture
def saved_run(run_command, table, tmp_path):
    """A run over the table's parties, moved out of the way of the next command's folder."""
    folder = run_command(
        value.main, "value", "data=table", f"data.path={table}", "data.target=label",
        "data.party=hospital", "num_initialisations=1", "model.weights=null", "players=rows",
    )  # fmt: skip
    return folder.rename(tmp_path / "saved")


def test_payouts_by_party_sum_to_the_budget(run_command, read_result, saved_run):
    result = read_result(
        run_command(payout.main, "payout", f"run={saved_run}", "budget=100.01", "by_party=true",
                    "negative=shift")
    )  # fmt: skip
    assert set(result["payouts"]) == {"north", "south", "west"}
    assert sum(map(Decimal, result["payouts"].values())) == Decimal("100.01")


@pytest.mark.parametrize(
    ("arguments", "word"),
    [(["budget=0"], "budget"), (["budget=5", "cap=0.01"], "cap"), ([], "budget"),
     (["budget=5", "negative=zeroo"], "zeroo")],
)  # fmt: skip
def test_refusals(run_command, saved_run, tmp_path, arguments, word):
    with pytest.raises(SystemExit, match=word):
        run_command(payout.main, "payout", f"run={saved_run}", *arguments)
    assert not (tmp_path / "run").exists()


def test_folder_without_a_run(run_command, tmp_path):
    with pytest.raises(SystemExit, match="result.json"):
        run_command(payout.main, "payout", f"run={tmp_path}", "budget=5")
