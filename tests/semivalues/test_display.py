"""A valuation as it is shown: in a line, in a notebook, as a figure."""

import numpy as np
import pytest

from davinz_jax.semivalues import Valuation
from davinz_jax.semivalues.display import MOST_LINES
from experiments.report.plots import plt


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def valuation(values, players, **fields):
    contributions = np.asarray(values, np.float64)[None]
    return Valuation(
        "leave_one_out",
        tuple(players),
        np.full(len(players), 3),
        ("score",),
        contributions,
        description={"utility": {"kind": "davinz"}},
        **fields,
    )


def test_a_line_names_both_ends_with_their_errors():
    """Two draws that differ by 2·e have the standard error e."""
    made = valuation([[0.4, -1.0], [0.6, -1.0]], ["a", "b"])
    assert repr(made) == (
        "<Valuation leave one out values of 2 parties by davinz; best a +0.5000 ± 0.1, worst b "
        "-1.0000 ± 0>"
    )
    assert "best a +0.5000, worst" in repr(valuation([[0.5, -1.0]], ["a", "b"]))


def test_a_notebook_shows_the_best_first_and_no_markup_of_names():
    shown = valuation([[1e-4, 2.0]], ["<b>a", "c&d"])._repr_html_()
    assert shown.index("c&amp;d") < shown.index("&lt;b&gt;a")
    assert "+1.00e-04" in shown
    assert "<b>a" not in shown


def test_of_many_players_both_ends_are_shown():
    num = MOST_LINES + 7
    shown = valuation([np.arange(num)], [f"p{k}" for k in range(num)])._repr_html_()
    assert "(7 in the middle left out)" in shown
    assert shown.count("<tr") == MOST_LINES + 1
    assert "<td>p0</td>" in shown
    assert f"<td>p{num - 1}</td>" in shown


def test_the_figure_has_every_value():
    axes = valuation([[1.0, -2.0]], ["a", "b"]).plot().axes[0]
    assert [bar.get_width() for bar in axes.containers[0]] == [1.0, -2.0]
    assert axes.get_title(loc="left") == "leave one out values of 2 parties by davinz"
