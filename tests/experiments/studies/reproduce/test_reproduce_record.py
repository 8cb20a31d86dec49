"""plan.json: what was known is found again, a damaged file is none, and times are compared."""

from experiments.studies.reproduce.record import Entry, Record, read_record


def test_written_and_read_again(tmp_path):
    record = Record(tmp_path / "plan.json", {"a": Entry(10.0, 2.0, "why?", "x")}, {"pairs": 1.5})
    record.settle("a", "stopped", 4.0)
    record.settle("a", "finished", 11.0)
    found = read_record(tmp_path / "plan.json")
    assert found.entries["a"].seconds == 15.0
    assert found.entries["a"].finished
    assert (found.speeds, found.accuracy()) == ({"pairs": 1.5}, 1.5)
    assert found.entries["a"].worth_an_hour == 720


def test_a_damaged_file_is_no_record(tmp_path):
    (tmp_path / "plan.json").write_text("{")
    assert read_record(tmp_path / "plan.json").entries == {}


def test_nothing_finished_is_compared_with_nothing(tmp_path):
    assert Record(tmp_path / "plan.json", {"a": Entry(1.0, 1.0, "", "")}).accuracy() is None
