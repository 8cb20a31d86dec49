"""JSON lines: their lines, what is nested, and what is refused."""

import numpy as np
import pytest

from davinz_jax.data.tabular.reading import open_table


def test_rows_keep_their_lines_and_bytes(tmp_path):
    """The second line is empty; a key that is missing is a gap, a list is kept as JSON."""
    path = tmp_path / "rows.jsonl"
    path.write_bytes('{"text": "a", "n": 1}\n\n{"text": "ü", "n": [1, 2]}\n{"text": "c"}'.encode())
    table = open_table(path)
    assert table.lines.tolist() == [1, 3, 4]
    assert table.frame["text"].tolist() == ["a", "ü", "c"]
    assert table.frame["n"].tolist()[:2] == [1, "[1, 2]"]
    assert table.frame["n"].isna().tolist() == [False, False, True]
    assert table.notes == ("rows.jsonl is read as JSON lines",)
    kept = table.records.keep(np.array([True, False, True]))
    assert kept == b'{"text": "a", "n": 1}\n{"text": "c"}\n'


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"a": 1}\n{"a": \n', "path: wanted a JSON object a line, got .* in line 2 of"),
        ('{"a": 1}\n[2]\n', "path: wanted a JSON object a line, got list in line 2 of"),
        ("\n\n", "path: wanted at least one row, got none"),
    ],
)
def test_other_contents_are_refused_by_line(tmp_path, content, message):
    path = tmp_path / "rows.jsonl"
    path.write_text(content)
    with pytest.raises(ValueError, match=message):
        open_table(path)
