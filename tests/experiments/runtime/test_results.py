"""A result is known again by its seal, and refused when it was changed or damaged."""

import json

import numpy as np
import pytest

from experiments.runtime.errors import InputError
from experiments.runtime.outputs import read_result, result_writer
from experiments.studies.collect import check_numbers

CONTENT = {"value": 0.1, "list": [1, None, "é"], "array": np.arange(2), 3: {"nested": True}}


@pytest.fixture
def path(tmp_path):
    result_writer(CONTENT)(tmp_path / "result.json")
    return tmp_path / "result.json"


def test_what_was_written_is_read(path):
    expected = {"value": 0.1, "list": [1, None, "é"], "array": [0, 1], "3": {"nested": True}}
    assert read_result(path) == expected


def test_order_and_white_space_do_not_matter(path):
    content = json.loads(path.read_text())
    path.write_text(json.dumps(dict(reversed(content.items()))))
    assert read_result(path)["value"] == 0.1


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("0.1", "0.2", "changed since"),
        ("nested", "nestled", "changed since"),
        ("0.1", "NaN", "NaN is no number"),
        ("{", "", "damaged file"),
    ],
)
def test_what_was_changed_is_refused(path, old, new, words):
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(ValueError, match=f"result.json: wanted .*{words}.*; restore it"):
        read_result(path)


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"config": []},
        {"config": {}, "players": [{"name": "a"}]},
        {"config": {}, "players": [{"name": "a", "value": "much"}]},
        {"config": {}, "players": 3},
        {"config": {}, "estimates": [{"statistic": "r"}]},
    ],
)
def test_what_is_no_result_is_not_collected(content, tmp_path):
    with pytest.raises(InputError, match="wanted the result that a command wrote, got something"):
        check_numbers(content, tmp_path)
