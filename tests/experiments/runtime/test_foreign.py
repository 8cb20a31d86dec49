"""Names that are markup, mathematics or formulas to others are text here."""

import io

import pandas as pd
import pytest

from davinz_jax.plots import drawn, values_figure
from experiments.report import plots
from experiments.runtime import console, outputs
from experiments.runtime.foreign import cell, uncell

NAMES = ["[/bold]", "ward [a]", "ward [b]", "$x^$", "$\\frac$", "=1+1", "\x1b[31m", "a\tb"]


def test_a_table_prints_every_name_as_it_is(capsys):
    console.table("of [/italic]", ["player", "[red]"], [[name, "1"] for name in NAMES])
    shown = capsys.readouterr().out
    for name in (*NAMES[:6], "of [/italic]", "[red]", "\\x1b[31m", "a\\tb"):
        assert name in shown
    assert "\x1b" not in shown


def test_a_stage_a_note_and_a_line_too(capsys):
    stages = console.Stages()
    with stages.stage("[/bold]"):
        stages.announce("[/bold] a")
    console.note("[/bold] b")
    console.say("[/bold] \x1b c")
    shown = capsys.readouterr().out
    for text in ("[/bold]: 0.0 s", "[/bold] a", "note: [/bold] b", "[/bold] \\x1b c"):
        assert text in shown


def test_a_figure_is_drawn_of_any_name(tmp_path):
    """`$x^$` is no mathematics that can be parsed."""
    frame = pd.DataFrame({"player": NAMES, "value": 1.0, "low": 0.5, "high": 1.5, "$t^$": 1.0})
    figure = values_figure(frame, ["$t^$"], title="$\\frac$ of [/bold]", level=0.95)
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == [drawn(name) for name in NAMES]
    plots.save(figure, tmp_path / "figure.png")
    assert (tmp_path / "figure.png").stat().st_size > 1000


@pytest.mark.parametrize(
    ("text", "written"),
    [("=1+1", "'=1+1"), ("@x", "'@x"), ("+1+1", "'+1+1"), ("-a", "'-a"), ("'a", "''a"),
     ("-1.5", "-1.5"), ("+3", "+3"), ("north", "north"), ("", ""), ("\tx", "'\tx")],
)  # fmt: skip
def test_cells_for_people_are_no_formulas_and_are_read_back(text, written):
    assert cell(text) == written
    assert uncell(written) == text


def test_written_tables_hold_no_formula_for_people_and_all_for_programs(tmp_path):
    frame = pd.DataFrame([["=1+1", -1.5, True]], columns=["=a", "value", "is"])
    outputs.csv_writer(frame)(tmp_path / "people.csv")
    outputs.data_writer(frame)(tmp_path / "programs.csv")
    assert (tmp_path / "people.csv").read_text() == "'=a,value,is\n'=1+1,-1.5,True\n"
    assert (tmp_path / "programs.csv").read_text() == "=a,value,is\n=1+1,-1.5,True\n"
    pd.testing.assert_frame_equal(
        pd.read_csv(io.StringIO((tmp_path / "programs.csv").read_text())), frame
    )
