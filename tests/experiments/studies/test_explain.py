"""The line of a validation row in a run's table."""

import pytest

from experiments.runtime.errors import InputError
from experiments.studies.explain import find_row


def test_gaps_are_left_out_and_marks_against_formulas_taken_off(tmp_path):
    text = "row,label,predicted_label,score\n0,'=a,b,0.5\n7,,b,0.25\n"
    (tmp_path / "validation_rows.csv").write_text(text)
    assert find_row(tmp_path, 0) == {"row": 0, "label": "=a", "predicted_label": "b", "score": 0.5}
    assert find_row(tmp_path, 7) == {"row": 7, "predicted_label": "b", "score": 0.25}
    with pytest.raises(InputError, match="0 to 7, got 3; validation_rows.csv"):
        find_row(tmp_path, 3)
    with pytest.raises(InputError, match="damaged file"):
        find_row(tmp_path / "elsewhere", 0)
