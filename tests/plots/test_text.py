"""Names that are markup or mathematics to others are text here."""

from davinz_jax.plots.text import LONGEST, drawn, printable


def test_long_names_are_cut_in_figures():
    assert drawn("x" * 1000) == "x" * (LONGEST - 1) + "…"


def test_mathematics_and_control_characters_are_spelt_out():
    assert drawn("$x^$") == r"\$x^\$"
    assert drawn("a\tb") == r"a\tb"
    assert printable("été\n") == "été\n"
    assert printable("\x1b[31m") == r"\x1b[31m"
