"""Margins as drawn: every row once, the cut between those dropped and kept."""

import numpy as np
import pytest

from davinz_jax.plots import margins_figure, views_figure
from experiments.report.plots import plt

MARGIN = np.concatenate([np.linspace(0.5, 1.0, 18), [-1.0, -0.9]])
DROPPED = MARGIN < 0
SPOILT = np.arange(20) == 19


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def test_every_row_is_counted_once_and_the_cut_lies_between():
    axes = margins_figure(MARGIN, DROPPED, corrupted=SPOILT, title="t", unit="u").axes[0]
    heights = sum(bar.get_height() for group in axes.containers[:2] for bar in group)
    assert heights == len(MARGIN)
    (cut,) = (line for line in axes.lines if line.get_label().startswith("cut"))
    assert cut.get_xdata()[0] == pytest.approx((-0.9 + 0.5) / 2)


def test_each_view_has_its_panel_with_all_rows():
    views = {"a": MARGIN * 2, "b $x^$": -MARGIN}
    figure = views_figure(MARGIN, views, dropped=DROPPED, corrupted=None, unit="u")
    kept, dropped, _ = figure.axes[1].lines
    assert len(kept.get_xdata()) + len(dropped.get_xdata()) == len(MARGIN)
    np.testing.assert_array_equal(dropped.get_ydata(), -MARGIN[DROPPED])
    figure.canvas.draw()
