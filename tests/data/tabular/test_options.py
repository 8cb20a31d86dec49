"""What may be said of a file, and what may not."""

import pytest

from davinz_jax.data import FileOptions


def test_names_stand_for_characters():
    options = FileOptions(separator="semicolon", decimal="comma")
    assert (options.separator_mark, options.decimal_mark) == (";", ",")
    assert FileOptions(separator="~").separator_mark == "~"
    assert (FileOptions().separator_mark, FileOptions().decimal_mark) == (None, None)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"separator": "semicolom"}, "separator: wanted one of .*; did you mean 'semicolon'"),
        ({"separator": '"'}, "separator: wanted one of"),
        ({"separator": "a"}, "separator: wanted one of"),
        ({"decimal": "dot"}, "decimal: wanted one of 'auto', 'point', 'comma', got 'dot'"),
        ({"compression": "rar"}, "compression: wanted one of"),
    ],
)
def test_others_are_refused(option, message):
    with pytest.raises(ValueError, match=message):
        FileOptions(**option)
