"""The long run in small: it counts, goes on, and tries again what it found."""

import pytest

from tests.faults import inputs, run
from tests.faults.cases import Case
from tests.faults.run import INPUTS, Machine
from tests.faults.tally import Tally

UNKNOWN = Case("payout", ("nothing=1",), "payout", "refused")


@pytest.fixture
def machine(tmp_path, saved, monkeypatch):
    monkeypatch.setattr(inputs, "save_runs", lambda folder: saved)
    return Machine(Tally.open(tmp_path / "tally.json"), tmp_path)


def test_it_tries_until_it_is_enough(machine, monkeypatch):
    monkeypatch.setattr(run, "ENOUGH", {INPUTS: 4})
    monkeypatch.setattr(run, "BATCH", {INPUTS: 2})
    monkeypatch.setattr(inputs, "SHARES", {"payout": 1})
    machine.run(60, [INPUTS])
    kept = Tally.open(machine.tally.path)
    assert kept.total(INPUTS) >= 4
    assert kept.batches[INPUTS] == 2
    assert kept.findings == []


def test_what_was_found_is_tried_again(machine):
    for wanted in ("refused", "accepted"):
        case = UNKNOWN.to_json() | {"wanted": wanted}
        machine.tally.find(INPUTS, "payout", f"it was to be {wanted}", case=case, message="")
    machine.try_again()
    assert [each["text"] for each in machine.tally.mended] == ["it was to be refused"]
    assert [each["text"] for each in machine.tally.findings] == ["it was to be accepted"]


def test_a_finding_is_counted_with_its_input(machine):
    machine.try_case(
        INPUTS, Case("payout", ("nothing=1",), "payout", "accepted"), run.commands.run_here
    )
    (finding,) = machine.tally.findings
    assert finding["text"].startswith("wrong refusal: error: unknown option 'nothing'")
    assert Case.from_json(finding["case"]).arguments == ("nothing=1",)
    assert machine.tally.counts == {INPUTS: {"payout": {"refused": 1}}}
