"""Figures are pyplot's, but where a notebook would draw them twice."""

import matplotlib
import pytest

from davinz_jax.plots import panels
from experiments.report.plots import plt


@pytest.fixture(autouse=True)
def _no_figure_before_or_after():
    plt.close("all")  # other tests of the same worker may have left some
    yield
    plt.close("all")


def test_axes_are_in_a_grid():
    figure, grid = panels((3, 2), down=2, across=3)
    assert grid.shape == (2, 3)
    assert figure.get_size_inches().tolist() == [3, 2]


def test_pyplot_holds_a_figure_only_where_it_is_asked_to_show_it(monkeypatch):
    panels((3, 2))
    assert len(plt.get_fignums()) == 1
    monkeypatch.setattr(matplotlib, "get_backend", lambda: "inline")
    panels((3, 2))
    assert len(plt.get_fignums()) == 1
