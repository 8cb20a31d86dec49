"""Separators are told from the first rows."""

import pytest

from davinz_jax.data.tabular.separators import recognise


@pytest.mark.parametrize(
    ("text", "separator"),
    [
        ("a,b\n1,2\n", ","),
        ("a;b\n1,5;2,5\n", ";"),
        ("a\tb, c\n1\t2, 3\n", "\t"),
        ("a|b\n1|2\n", "|"),
        ('"a;b",c\n"1;2",3\n', ","),
        ("a,b;c\n1;2\n3;4\n", ";"),
        ("a,b\n1,2,3\n4,5,6\n", ","),
        ("sep=~\na~b\n", "~"),
        ("x\n1,5\n2,5\n", ";"),
        ("", ","),
    ],
)
def test_by_hand(text, separator):
    assert recognise(text) == separator
