"""Settings as a reader finds them."""

from experiments.report.page.common import command_line, flatten, settings_sections


def test_settings_are_flat_and_complete():
    config = {"data": {"path": "a.csv", "holdout": None}, "model": {}, "flag": True}
    assert dict(flatten(config)) == {
        "data.path": "a.csv",
        "data.holdout": None,
        "model": {},
        "flag": True,
    }
    content = {"versions": {"jax": "1"}, "seconds": {"data": 0.5}, "config": config,
               "data_sha256": "abc"}  # fmt: skip
    again, folded = settings_sections(content)
    assert again.commands == []
    texts = {row[0].text: row[1].text for table in folded.tables for row in table.rows}
    assert texts["SHA-256 of the data"] == "abc"
    assert texts["data.holdout"] == "null"
    assert texts["flag"] == "true"
    assert texts["seconds of data"] == "0.5"


def test_outside_a_command_there_is_none_to_repeat():
    assert command_line() is None
