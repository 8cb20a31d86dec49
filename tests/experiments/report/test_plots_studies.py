"""Figures of studies: points and limits, read off the axes."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from experiments.report.estimates import OverSeeds
from experiments.report.plots import plt
from experiments.report.plots_studies import (
    estimates_figure,
    growth_figure,
    matrix_figure,
    property_figure,
    scatter_figure,
)

QUESTION = SimpleNamespace(quantity="size", unit="rows", is_logarithmic=True)


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


@pytest.fixture
def frame():
    """Two seeds of three doses, out of order in the second."""
    return pd.DataFrame(
        {
            "seed": [0, 0, 0, 1, 1, 1],
            "dose": [1.0, 2.0, 4.0, 4.0, 1.0, 2.0],
            "value": [0.0, 1.0, 2.0, 4.0, 2.0, 3.0],
        }
    )


def test_property_is_a_line_a_seed_and_their_mean(frame):
    axes = property_figure(frame, ["value"], QUESTION, level=0.95).axes[0]
    drawn = [line.get_xydata().tolist() for line in axes.lines]
    assert drawn[1] == [[1, 2], [2, 3], [4, 4]]
    assert drawn[2] == [[1, 1], [2, 2], [4, 3]]
    assert axes.get_xscale() == "log"
    assert axes.get_xlabel() == "size (rows)"


def test_property_of_one_seed_has_no_band(frame):
    axes = property_figure(frame[frame["seed"] == 0], ["value"], QUESTION, level=0.95).axes[0]
    assert all(len(band.get_paths()) == 0 for band in axes.collections)


def test_matrix_leaves_undefined_pairs_blank():
    matrix = np.array([[[np.nan, 0.5], [0.5, np.nan]]])
    figure = matrix_figure(matrix, ["a", "b"], title="t", titles=["values"])
    assert [text.get_text() for text in figure.axes[0].texts] == ["0.50", "0.50"]


def test_estimates_are_points_with_their_limits():
    panel = {"known": OverSeeds(0.5, 0.2, 0.8), "single": OverSeeds(0.1), "none": OverSeeds(None)}
    axes = estimates_figure({"panel": panel}, xlabel="x", zero=False).axes[0]
    assert [line.get_xdata().tolist() for line in axes.lines] == [[0.2, 0.8], [0.5], [0.1]]
    assert [text.get_text() for text in axes.get_yticklabels()] == list(panel)


def test_scatter_has_a_panel_a_column(frame):
    figure = scatter_figure(frame, ["dose"], "value", captions={"dose": "Dose"})
    axes = figure.axes[0]
    assert axes.get_title(loc="left") == "Dose"
    assert [len(points.get_offsets()) for points in axes.collections] == [3, 3]


def test_growth_is_a_line_a_method_in_each_networks_panel():
    seconds = {("cnn", 10, "ours"): 1.0, ("cnn", 20, "ours"): 2.0, ("mlp", 10, "ours"): 3.0}
    cnn, mlp = growth_figure(seconds, captions={"ours": "DAVINZ"}).axes
    assert cnn.lines[0].get_xydata().tolist() == [[10, 1], [20, 2]]
    assert cnn.lines[0].get_label() == "DAVINZ"
    assert mlp.lines[0].get_xydata().tolist() == [[10, 3]]


def test_six_columns_take_two_rows_of_panels(frame):
    columns = ["value", *"abcde"]
    wide = frame.assign(**dict.fromkeys("abcde", 1.0))
    figure = property_figure(wide, columns, QUESTION, level=0.95, captions={"a": "retrained"})
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert len(figure.axes) == 6
    assert titles[1] == "retrained"
