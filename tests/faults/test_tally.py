"""A tally counts, is kept, and goes on."""

from tests.faults.tally import Tally


def test_tallies_add_up(tmp_path):
    one, two = Tally(tmp_path / "one.json"), Tally(tmp_path / "two.json")
    for tally, commit in ((one, "a"), (two, "b")):
        tally.add("inputs", "detect", "accepted")
        tally.find("inputs", "detect", "hang: none")
        tally.end_batch("inputs", 1.5)
        tally.about = {"commits": [commit]}
    two.add("faults", "SIGKILL", "went on")
    one.take(two)
    assert one.counts == {
        "inputs": {"detect": {"accepted": 2}},
        "faults": {"SIGKILL": {"went on": 1}},
    }
    assert (one.seconds, one.batches) == ({"inputs": 3.0}, {"inputs": 2})
    assert len(one.findings) == 2
    assert one.about == {"commits": ["a", "b"]}


def test_a_tally_goes_on(tmp_path):
    tally = Tally.open(tmp_path / "tally.json")
    tally.add("inputs", "detect", "accepted")
    tally.find("inputs", "detect", "hang: none", case={"files": {}})
    tally.end_batch("inputs", 1.5)
    again = Tally.open(tmp_path / "tally.json")
    again.add("inputs", "detect", "refused")
    again.end_batch("inputs", 1.0)
    assert again.counts == {"inputs": {"detect": {"accepted": 1, "refused": 1}}}
    assert (again.total("inputs"), again.tried("inputs", "detect")) == (2, 2)
    assert (again.total("faults"), again.tried("inputs", "payout")) == (0, 0)
    assert again.batches == {"inputs": 2}
    assert again.seconds == {"inputs": 2.5}
    assert again.findings[0]["text"] == "hang: none"
